// A node between others that has a valid certificate and bad intentions: it takes what it is handed and does as it likes with it.
import type { Stream } from '../../../src/overlay/seam.ts';
import {
  type BatchFrame,
  type CustodyFrame,
  decodeCustodyFrame,
  encodeCustodyFrame,
  type SettlementFrame,
} from '../../../src/protocols/custody/frames.ts';
import { CUSTODY_PROTOCOL, CUSTODY_VERSIONS, MAX_CUSTODY_FRAME } from '../../../src/protocols/custody/index.ts';
import { refOf } from '../../../src/protocols/custody/payload.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import type { SimulatedNetwork, SimulatedNode } from '../simulated-network.ts';

/** Answers what it was handed; undefined for never. */
export type Manner = (frame: BatchFrame | SettlementFrame) => 'taken' | 'declined' | undefined;

export class HostileCustodian {
  readonly realm: RealmName;
  readonly node: SimulatedNode;
  readonly batches: BatchFrame[] = [];
  readonly settlements: SettlementFrame[] = [];
  readonly chains = new Map<string, Uint8Array>();
  /** Takes everything and passes nothing on, unless told otherwise. */
  manner: Manner = () => 'taken';
  /** Streams that their givers have ended in order. */
  ended = 0;

  constructor(network: SimulatedNetwork, realm: RealmName) {
    this.realm = realm;
    this.node = network.node(realm);
    this.node.handle(CUSTODY_PROTOCOL, { allow: 'family', maxFrame: MAX_CUSTODY_FRAME }, (stream) =>
      this.#serve(stream).catch(() => {}),
    );
    network.up(realm);
  }

  async #serve(stream: Stream): Promise<void> {
    for (let bytes = await stream.read(); bytes; bytes = await stream.read()) {
      const frame = decodeCustodyFrame(bytes);
      if (frame.kind === 'hello') await stream.write(encodeCustodyFrame({ kind: 'welcome', version: 1 }));
      if (frame.kind === 'chain') this.chains.set(nameOf(frame.ref), frame.chain);
      if (frame.kind === 'batch') this.batches.push(frame);
      if (frame.kind === 'settlement') this.settlements.push(frame);
      if (frame.kind === 'batch' || frame.kind === 'settlement') await this.#answer(stream, frame);
    }
    this.ended++;
  }

  async #answer(stream: Stream, frame: BatchFrame | SettlementFrame): Promise<void> {
    const kind = this.manner(frame);
    const { seq } = frame;
    if (kind === 'taken') await stream.write(encodeCustodyFrame({ kind, seq }));
    if (kind === 'declined') await stream.write(encodeCustodyFrame({ kind, seq, code: 'custody-full' }));
  }

  /** Opens a stream to a neighbour, as a giver does. */
  async open(to: RealmName, versions: readonly number[] = CUSTODY_VERSIONS): Promise<Giving> {
    const signal = AbortSignal.timeout(10_000);
    const stream = await this.node.open(to, CUSTODY_PROTOCOL, { signal, maxFrame: MAX_CUSTODY_FRAME });
    await stream.write(encodeCustodyFrame({ kind: 'hello', versions }));
    return new Giving(stream);
  }

  /** The chain that was announced under this name. */
  chainOf(ref: Uint8Array): Uint8Array {
    const chain = this.chains.get(nameOf(ref));
    if (!chain) throw new Error('no such chain was announced');
    return chain;
  }
}

/** A stream to the victim, on which anything may be written. */
export class Giving {
  readonly stream: Stream;
  #seq = 100;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** The next frame, or the code with which the stream broke. */
  async next(): Promise<CustodyFrame | { kind: 'broken'; code: string } | undefined> {
    try {
      const bytes = await this.stream.read(AbortSignal.timeout(5_000));
      return bytes && decodeCustodyFrame(bytes);
    } catch (error) {
      return { kind: 'broken', code: codeOf(error) };
    }
  }

  /** Hands something on with its chain; resolves with `taken`, or why not. */
  async hand(
    chain: Uint8Array,
    frame: Omit<BatchFrame, 'seq' | 'ref'> | Omit<SettlementFrame, 'seq' | 'ref'>,
  ): Promise<string> {
    const ref = refOf(chain);
    await this.stream.write(encodeCustodyFrame({ kind: 'chain', ref, chain }));
    await this.stream.write(encodeCustodyFrame({ ...frame, seq: this.#seq++, ref }));
    const answer = await this.next();
    return answer?.kind === 'declined' || answer?.kind === 'broken' ? answer.code : (answer?.kind ?? 'ended');
  }
}

function nameOf(ref: Uint8Array): string {
  return Buffer.from(ref).toString('hex');
}
