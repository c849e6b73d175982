// One call of `/canopy/enrol/1`: a host made for it, under a key made for it, that never gets a connection.
import { noise } from '@chainsafe/libp2p-noise';
import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions, SecuredConnection } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { equals } from 'uint8arrays/equals';
import { type Chain, validateLeaf } from '../../pki/chain.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { messageOf, PeerError, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import type { NoiseComponents } from '../admission/encrypter.ts';
import { handshakeFrames } from '../wire.ts';
import {
  ANSWER_DEADLINE,
  decodeHello,
  decodeReply,
  ENROL_PROTOCOL,
  encodeRequest,
  MAX_ENROL_FRAME,
  REQUEST_DEADLINE,
} from './index.ts';

/** A relay of this realm is expected there. */
export interface Place {
  readonly realm: RealmName;
  readonly address: string;
}

export interface CallTerms {
  readonly rootFingerprint: string;
  readonly request: Uint8Array;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly grace?: number;
}

/** For the connection and the relay's certificate. */
const DIAL_DEADLINE = 5_000;
const CALL_DEADLINE = DIAL_DEADLINE + REQUEST_DEADLINE + ANSWER_DEADLINE;

/** @param claim called once the relay has shown who it is, before the request goes out; what it throws ends the call */
export async function callRelay(
  terms: CallTerms,
  place: Place,
  signal: AbortSignal,
  claim: () => void,
): Promise<Uint8Array> {
  const answered = Promise.withResolvers<Uint8Array>();
  const { address } = place;
  const late = terms.clock.after(DIAL_DEADLINE, () =>
    answered.reject(new UnreachableError('no-relay', `${address}: no answer within ${DIAL_DEADLINE / 1000} s`)),
  );
  const proven = (): void => {
    claim();
    late.cancel();
  };
  const caller = await createLibp2p({
    start: false,
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [
      (components: NoiseComponents) => new Caller(components, { terms, realm: place.realm, answered, proven }),
    ],
    connectionManager: { dialTimeout: CALL_DEADLINE, addressDialTimeout: CALL_DEADLINE, reconnectRetries: 0 },
  });
  try {
    await caller.start();
    return await within(terms.clock, CALL_DEADLINE, 'answer', signal, async (limited) => {
      // The dial fails in any case; the answer comes past it.
      caller
        .dial(multiaddr(address), { signal: limited })
        .catch((error) => answered.reject(failedDial(error, address)));
      return answered.promise;
    });
  } finally {
    late.cancel();
    await caller.stop();
  }
}

function failedDial(error: unknown, address: string): UnreachableError {
  return new UnreachableError('no-relay', `${address}: ${messageOf(error)}`, { cause: error });
}

interface CallerInit {
  readonly terms: CallTerms;
  readonly realm: RealmName;
  readonly answered: PromiseWithResolvers<Uint8Array>;
  readonly proven: () => void;
}

class Caller implements ConnectionEncrypter {
  readonly protocol = ENROL_PROTOCOL;
  readonly #noise: ConnectionEncrypter;
  readonly #init: CallerInit;

  constructor(components: NoiseComponents, init: CallerInit) {
    this.#noise = noise()(components);
    this.#init = init;
  }

  async secureInbound(): Promise<SecuredConnection> {
    throw new PeerError('enrol-outbound-only', 'a newcomer takes no calls');
  }

  async secureOutbound(connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    const { answered } = this.#init;
    try {
      answered.resolve(await this.#exchange(connection, options));
    } catch (error) {
      answered.reject(error);
    }
    throw new PeerError('enrol-answered', 'the call is over');
  }

  async #exchange(connection: MessageStream, options: SecureConnectionOptions): Promise<Uint8Array> {
    const { signal } = options;
    const secured = await this.#noise.secureOutbound(connection, { ...options, skipStreamMuxerNegotiation: true });
    const frames = handshakeFrames(secured.connection, MAX_ENROL_FRAME);
    const within = signal ? { signal } : {};
    const chain = decodeHello((await frames.read(within)).subarray());
    await this.#checkRelay(chain, secured.remotePeer.publicKey?.raw);
    this.#init.proven();
    await frames.write(encodeRequest(this.#init.terms.request), within);
    const reply = decodeReply((await frames.read(within)).subarray());
    await frames
      .unwrap()
      .close(within)
      .catch(() => {});
    if (reply.kind === 'ok') return reply.bytes;
    throw new UnreachableError(
      reply.code,
      `the relay of ${this.#init.realm} could not pass the request on: ${reply.code}`,
    );
  }

  /** The request goes to nobody but a relay of the realm that the token named. */
  async #checkRelay(chain: Chain, key: Uint8Array | undefined): Promise<void> {
    const { terms, realm } = this.#init;
    const leaf = await validateLeaf(chain, {
      rootFingerprint: terms.rootFingerprint,
      now: terms.clock.now(),
      grace: terms.grace ?? 0,
      graceAbove: terms.grace ?? 0,
    });
    if (!key || !equals(leaf.publicKey, key))
      throw new RefusedError('cert-key-mismatch', 'the certificate was shown by another key');
    if (leaf.role !== 'relay' || leaf.realm !== realm) {
      throw new RefusedError(
        'unexpected-peer',
        `expected the relay of ${realm}, found the ${leaf.role} of ${leaf.realm}`,
      );
    }
  }
}
