// `/canopy/noise/1`: Noise (as libp2p specifies it) and then, inside it, certificates, before any muxer exists. A stranger
// never reaches identify, because there is no connection to speak it on.
//
// The listener judges first and shows its own chain only to those it admits. The dialler's verdict goes out before its
// first muxer frame, so admission costs no round trip that the chains alone would not cost. Both have DEADLINE for all.
import { noise } from '@chainsafe/libp2p-noise';
import type {
  ComponentLogger,
  ConnectionEncrypter,
  MessageStream,
  PeerId,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  Upgrader,
} from '@libp2p/interface';
import type { LengthPrefixedStream } from '@libp2p/utils';
import { type Chain, decodeChain, encodeChain } from '../../pki/chain.ts';
import { codeOf, RefusedError } from '../../realm/errors.ts';
import type { OverlayAudit } from '../audit.ts';
import { handshakeFrames } from '../wire.ts';
import type { Admissions, AdmittedPeer } from './admissions.ts';
import {
  decodeAnswer,
  decodeHello,
  decodeVerdict,
  encodeAnswer,
  encodeHello,
  encodeVerdict,
  type Hello,
  instanceText,
  MAX_ADMISSION_FRAME,
  REVOKED,
  type Refusal,
  TWIN_ALIVE,
} from './codec.ts';
import type { Judge } from './judge.ts';
import type { ShownProofs } from './shown-proofs.ts';
import type { Twins } from './twins.ts';

export const ADMISSION_PROTOCOL = '/canopy/noise/1';
/** For Noise and the certificates together. */
export const ADMISSION_DEADLINE = 5_000;
/** So long a refused peer may take to read the reason. */
const REFUSAL_LINGER = 1_000;

export interface NoiseComponents {
  readonly peerId: PeerId;
  readonly privateKey: PrivateKey;
  readonly logger: ComponentLogger;
  readonly upgrader: Upgrader;
}

export interface AdmissionInit {
  /** Our own chain; renewal replaces it. */
  readonly chain: () => Chain;
  /** Of this process. */
  readonly instance: Uint8Array;
  readonly judge: Judge;
  readonly admissions: Admissions;
  readonly audit: OverlayAudit;
  readonly twins: Twins;
  /** What we are shown when we are refused. */
  readonly shown: Pick<ShownProofs, 'take'>;
}

type Frames = LengthPrefixedStream<MessageStream>;

interface Handshake {
  /** The bare connection, which other parts know. */
  readonly raw: MessageStream;
  readonly remotePeer: PeerId;
  readonly frames: Frames;
  readonly signal: AbortSignal;
}

export function admission(init: AdmissionInit): (components: NoiseComponents) => ConnectionEncrypter {
  return (components) => new AdmissionEncrypter(components, init);
}

class AdmissionEncrypter implements ConnectionEncrypter {
  readonly protocol = ADMISSION_PROTOCOL;
  readonly #noise: ConnectionEncrypter;
  readonly #init: AdmissionInit;

  constructor(components: NoiseComponents, init: AdmissionInit) {
    this.#noise = noise()(components);
    this.#init = init;
  }

  async secureOutbound(connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    const limited = withDeadline(options);
    const secured = await this.#noise.secureOutbound(connection, limited);
    try {
      return await this.#finish(connection, limited.signal, secured, (handshake) => this.#dial(handshake));
    } catch (error) {
      const { address } = addressOf(connection);
      if (address !== undefined && error instanceof Error) this.#init.admissions.noteFailure(address, error);
      throw error;
    }
  }

  async secureInbound(connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    const limited = withDeadline(options);
    const secured = await this.#noise.secureInbound(connection, limited);
    return this.#finish(connection, limited.signal, secured, (handshake) => this.#listen(handshake));
  }

  async #finish(
    raw: MessageStream,
    signal: AbortSignal,
    secured: SecuredConnection,
    exchange: (handshake: Handshake) => Promise<AdmittedPeer>,
  ): Promise<SecuredConnection> {
    const frames = handshakeFrames(secured.connection, MAX_ADMISSION_FRAME);
    const peer = await exchange({ raw, remotePeer: secured.remotePeer, frames, signal });
    this.#init.admissions.stage(raw, peer);
    return { ...secured, connection: frames.unwrap() };
  }

  async #dial(handshake: Handshake): Promise<AdmittedPeer> {
    const { frames, signal } = handshake;
    await frames.write(encodeHello(this.#self()), { signal });
    const answer = decodeAnswer(await this.#read(handshake));
    if (answer.kind === 'refused') {
      await this.#noteTwin(handshake, answer);
      throw this.#refusedBy(handshake, answer);
    }
    const peer = await this.#judge(handshake, answer, encodeVerdict);
    await frames.write(encodeVerdict({ kind: 'ok' }), { signal });
    return peer;
  }

  async #listen(handshake: Handshake): Promise<AdmittedPeer> {
    const { frames, signal } = handshake;
    const hello = await this.#read(handshake);
    const shown = await this.#orRefuse(handshake, async () => decodeHello(hello), encodeAnswer);
    const peer = await this.#judge(handshake, shown, encodeAnswer);
    await frames.write(encodeAnswer({ kind: 'ok', ...this.#self() }), { signal });
    const verdict = decodeVerdict(await this.#read(handshake));
    if (verdict.kind === 'refused') throw this.#refusedBy(handshake, verdict);
    return peer;
  }

  async #read({ frames, signal }: Handshake): Promise<Uint8Array> {
    return (await frames.read({ signal })).subarray();
  }

  #self(): Hello {
    return { chain: this.#init.chain(), instance: this.#init.instance };
  }

  /**
   * Only where we knock ourselves at an address that we were given: a node does that at its own relay. At the end of a forwarded
   * connection, or where somebody else has knocked, any realm could say it and stop the node with one word. And only by one whose own
   * certificate is good: a relay that was taken over and revoked could do so still.
   */
  async #noteTwin({ raw, remotePeer }: Handshake, { code, proof }: Refusal): Promise<void> {
    const { admissions, judge, twins } = this.#init;
    if (code !== TWIN_ALIVE || !proof || admissions.expectation(raw) !== undefined) return;
    try {
      await judge.peer(decodeChain(proof), remotePeer.publicKey?.raw, undefined);
      twins.refused();
    } catch (error) {
      this.#init.audit({
        code: 'twin-unproved',
        reason: codeOf(error),
        peerId: remotePeer.toString(),
        ...addressOf(raw),
      });
    }
  }

  /** The other side's certificate rules, not ours, said no; the code is its own. */
  #refusedBy({ remotePeer }: Handshake, { code, proof }: Refusal): RefusedError {
    if (proof && code === REVOKED) void this.#init.shown.take(proof, remotePeer.toString());
    return new RefusedError(`peer-${code}`, `the other side refused our certificate: ${code}`);
  }

  #judge(handshake: Handshake, shown: Hello, encode: (refusal: Refusal) => Uint8Array): Promise<AdmittedPeer> {
    const { raw, remotePeer } = handshake;
    const check = async (): Promise<AdmittedPeer> => {
      const { judge, admissions } = this.#init;
      const { chain } = shown;
      const leaf = await judge.peer(chain, remotePeer.publicKey?.raw, admissions.expectation(raw));
      const { realm, tier, role } = leaf;
      const instance = instanceText(shown.instance);
      const peer = { realm, tier, role, peerId: remotePeer.toString(), instance, leaf, chain };
      await this.#init.twins.assertAlone(peer);
      return peer;
    };
    const { judge, chain: own } = this.#init;
    const proof = async (code: string): Promise<Uint8Array | undefined> => {
      // Whoever is told of a twin has shown a good certificate, and so may see ours.
      if (code === TWIN_ALIVE) return encodeChain(own());
      return code === REVOKED ? judge.proof(shown.chain, remotePeer.publicKey?.raw) : undefined;
    };
    return this.#orRefuse(handshake, check, encode, proof);
  }

  /** Tells the peer why before the connection ends, so that its operator sees more than a closed socket. */
  async #orRefuse<T>(
    { raw, remotePeer, frames }: Handshake,
    check: () => Promise<T>,
    encode: (refusal: Refusal) => Uint8Array,
    proofOf?: (code: string) => Promise<Uint8Array | undefined>,
  ): Promise<T> {
    try {
      return await check();
    } catch (error) {
      const code = codeOf(error);
      this.#init.admissions.markAudited(raw);
      this.#init.audit({ code: 'admission-refused', reason: code, peerId: remotePeer.toString(), ...addressOf(raw) });
      const proof = await proofOf?.(code);
      const signal = AbortSignal.timeout(REFUSAL_LINGER);
      const refusal: Refusal = { kind: 'refused', code, ...(proof ? { proof } : {}) };
      await frames.write(encode(refusal), { signal }).catch(() => {});
      await frames
        .unwrap()
        .close({ signal })
        .catch(() => {});
      throw error;
    }
  }
}

function withDeadline(options: SecureConnectionOptions): SecureConnectionOptions & { signal: AbortSignal } {
  const deadline = AbortSignal.timeout(ADMISSION_DEADLINE);
  return { ...options, signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline };
}

/** The address, where the stream is a whole connection. */
export function addressOf(raw: MessageStream): { address?: string } {
  return 'remoteAddr' in raw ? { address: String(raw.remoteAddr) } : {};
}
