// The newcomer's side of `/canopy/enrol/1`: a host made for one call, under a key made for it, that never gets a connection.
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

export interface EnrolCall {
  /** Realms above the newcomer (or its own relay) and how to reach their relays; tried in this order. */
  readonly ways: readonly EnrolWay[];
  /** Pinned by the token. */
  readonly rootFingerprint: string;
  readonly request: Uint8Array;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly signal: AbortSignal;
  /** Milliseconds after its end that a relay's certificate is taken still: where a whole realm has expired and renews. */
  readonly grace?: number;
}

export interface EnrolWay {
  readonly realm: RealmName;
  /** Multiaddrs, with or without a peer id: the certificate decides. */
  readonly relays: readonly string[];
}

const DIAL_DEADLINE = 5_000;
const CALL_DEADLINE = DIAL_DEADLINE + REQUEST_DEADLINE + ANSWER_DEADLINE;

/**
 * The issuing node's reply, as bytes (it may be a refusal).
 * @throws UnreachableError `no-relay` when no relay brought one; RefusedError `cert-…` when what answered is not of our root
 */
export async function enrolOverWire(call: EnrolCall): Promise<Uint8Array> {
  let last: unknown;
  for (const way of call.ways) {
    for (const address of way.relays.filter(isPlain)) {
      try {
        return await callRelay(call, way.realm, address);
      } catch (error) {
        call.signal.throwIfAborted();
        last = error;
      }
    }
  }
  if (last instanceof RefusedError) throw last;
  const tried = call.ways.flatMap(({ relays }) => relays).join(', ') || 'none';
  throw new UnreachableError(
    'no-relay',
    `no relay answered (${last ? messageOf(last) : 'no address is known'}); tried ${tried}`,
    {
      cause: last,
      hint: 'See whether this host may connect to these addresses, and whether the realm above is running.',
    },
  );
}

/** The addresses are those of a token, which people hand on: nothing but TCP to a host, no path of a socket and no other hop. */
function isPlain(address: string): boolean {
  return /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/p2p\/\w+)?$/.test(address);
}

async function callRelay(call: EnrolCall, realm: RealmName, address: string): Promise<Uint8Array> {
  const answered = Promise.withResolvers<Uint8Array>();
  const caller = await createLibp2p({
    start: false,
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [(components: NoiseComponents) => new Caller(components, { call, realm, answered })],
    connectionManager: { dialTimeout: CALL_DEADLINE, addressDialTimeout: CALL_DEADLINE, reconnectRetries: 0 },
  });
  try {
    await caller.start();
    return await within(call.clock, CALL_DEADLINE, 'answer', call.signal, async (signal) => {
      // The dial fails in any case; the answer comes past it.
      caller.dial(multiaddr(address), { signal }).catch((error) => answered.reject(failedDial(error, address)));
      return answered.promise;
    });
  } finally {
    await caller.stop();
  }
}

function failedDial(error: unknown, address: string): UnreachableError {
  return new UnreachableError('no-relay', `${address}: ${messageOf(error)}`, { cause: error });
}

interface CallerInit {
  readonly call: EnrolCall;
  readonly realm: RealmName;
  readonly answered: PromiseWithResolvers<Uint8Array>;
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
    await frames.write(encodeRequest(this.#init.call.request), within);
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
    const { call, realm } = this.#init;
    const leaf = await validateLeaf(chain, {
      rootFingerprint: call.rootFingerprint,
      now: call.clock.now(),
      grace: call.grace ?? 0,
      graceAbove: call.grace ?? 0,
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
