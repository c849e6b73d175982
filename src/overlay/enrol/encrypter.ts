// The relay's side of `/canopy/enrol/1`; index.ts has the frames and the limits.
import { isIP } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions, SecuredConnection } from '@libp2p/interface';
import type { LengthPrefixedStream } from '@libp2p/utils';
import type { Chain } from '../../pki/chain.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError, RefusedError } from '../../realm/errors.ts';
import type { Admissions } from '../admission/admissions.ts';
import { addressOf, type NoiseComponents } from '../admission/encrypter.ts';
import type { OverlayAudit } from '../audit.ts';
import { ownerOfIp } from '../stun/ip-address.ts';
import { RateLimiter } from '../stun/rate-limit.ts';
import { handshakeFrames } from '../wire.ts';
import { refusalOf } from './exchange.ts';
import {
  ALL_ADDRESSES,
  ANSWER_DEADLINE,
  decodeRequest,
  EACH_ADDRESS,
  ENROL_PROTOCOL,
  encodeHello,
  encodeReply,
  type Issuer,
  MAX_AT_ONCE,
  MAX_ENROL_FRAME,
  REQUEST_DEADLINE,
  type Reply,
} from './index.ts';

const NEVER = new AbortController().signal;

export interface EnrolInit {
  readonly chain: () => Chain;
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly audit: OverlayAudit;
}

export function enrolmentDoor(
  init: EnrolInit,
): (components: NoiseComponents, admissions: Pick<Admissions, 'markAudited'>) => ConnectionEncrypter {
  return (components, admissions) => new EnrolmentDoor(components, admissions, init);
}

class EnrolmentDoor implements ConnectionEncrypter {
  readonly protocol = ENROL_PROTOCOL;
  readonly #noise: ConnectionEncrypter;
  readonly #admissions: Pick<Admissions, 'markAudited'>;
  readonly #init: EnrolInit;
  readonly #rates: RateLimiter;
  #calls = 0;

  constructor(components: NoiseComponents, admissions: Pick<Admissions, 'markAudited'>, init: EnrolInit) {
    this.#noise = noise()(components);
    this.#admissions = admissions;
    this.#init = init;
    this.#rates = new RateLimiter(init.clock, EACH_ADDRESS, ALL_ADDRESSES);
  }

  /** A relay that is dialled can't bring us to dial it this way. */
  async secureOutbound(): Promise<SecuredConnection> {
    throw new RefusedError('enrol-inbound-only', `${ENROL_PROTOCOL} only takes calls`);
  }

  /** Always rejects: a call is over when it is answered. The upgrader's deadline is shorter than ours and not ours. */
  async secureInbound(connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    this.#calls++;
    try {
      await this.#answer(connection, options);
    } finally {
      this.#calls--;
    }
    throw new PeerError('enrol-answered', 'the call was answered and is over');
  }

  async #answer(connection: MessageStream, options: SecureConnectionOptions): Promise<void> {
    const { clock } = this.#init;
    const hear = (signal: AbortSignal) => this.#hear(connection, { ...options, signal });
    const { frames, request } = await within(clock, REQUEST_DEADLINE, 'request', NEVER, hear);
    // From here the call ends as calls do, whatever the upgrader makes of it; a refusal is audited by its own name.
    this.#admissions.markAudited(connection);
    const reply = await this.#ask(request, connection);
    await this.#send(frames, reply);
  }

  async #hear(
    connection: MessageStream,
    options: SecureConnectionOptions & { readonly signal: AbortSignal },
  ): Promise<{ readonly frames: LengthPrefixedStream<MessageStream>; readonly request: Uint8Array }> {
    const { signal } = options;
    const secured = await this.#noise.secureInbound(connection, { ...options, skipStreamMuxerNegotiation: true });
    const frames = handshakeFrames(secured.connection, MAX_ENROL_FRAME);
    await frames.write(encodeHello(this.#init.chain()), { signal });
    return { frames, request: decodeRequest((await frames.read({ signal })).subarray()) };
  }

  async #ask(request: Uint8Array, connection: MessageStream): Promise<Reply> {
    const { address = '' } = addressOf(connection);
    try {
      if (this.#calls > MAX_AT_ONCE || !this.#rates.take(callerOf(address))) {
        throw new RefusedError('enrol-busy', 'more enrolment requests than are taken');
      }
      const { clock, issuer } = this.#init;
      const bytes = await within(clock, ANSWER_DEADLINE, 'answer', NEVER, (signal) => issuer(request, signal));
      return { kind: 'ok', bytes };
    } catch (error) {
      const code = refusalOf(error);
      this.#init.audit({ code: 'enrol-refused', reason: code, address });
      return { kind: 'refused', code };
    }
  }

  async #send(frames: LengthPrefixedStream<MessageStream>, reply: Reply): Promise<void> {
    await within(this.#init.clock, REQUEST_DEADLINE, 'end', NEVER, async (signal) => {
      await frames.write(encodeReply(reply), { signal });
      await frames.unwrap().close({ signal });
    });
  }
}

/** Without the port, which changes with each call, and of IPv6 the network: one customer has 2^64 addresses. */
export function callerOf(address: string): string {
  const [, , host = ''] = address.split('/');
  return isIP(host) === 0 ? '' : ownerOfIp(host);
}
