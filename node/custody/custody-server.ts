// The taker's side of `/canopy/custody/1` (src/protocols/custody): greets a neighbour on the tree and answers each thing that it
// hands on once it is on disk, or with the reason why it is not taken. A bad neighbour ends its own stream, nothing else.
import type { Path, Stream } from '../../src/overlay/seam.ts';
import {
  type BatchFrame,
  type ChainFrame,
  type CustodyFrame,
  decodeCustodyFrame,
  encodeCustodyFrame,
  type Handed,
  type SettlementFrame,
} from '../../src/protocols/custody/frames.ts';
import { CUSTODY_HELLO_DEADLINE, CUSTODY_VERSIONS, MAX_CHAINS } from '../../src/protocols/custody/index.ts';
import { refOf } from '../../src/protocols/custody/payload.ts';
import { Bell } from '../../src/realm/bell.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { CanopyError, codeOf, LocalError, PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { areNeighbours } from '../../src/realm/tree.ts';

/** What becomes of the things that are handed on; each resolves when it is on disk. @throws CanopyError: its code is the reason */
export interface CustodyTaker {
  batch(from: RealmName, frame: BatchFrame, chain: Uint8Array, path: Path): Promise<void>;
  settlement(from: RealmName, frame: SettlementFrame, chain: Uint8Array, path: Path): Promise<void>;
  /** Something was not taken. */
  declined(from: RealmName, code: string): void;
}

export interface CustodyServerComponents {
  readonly realm: RealmName;
  readonly taker: CustodyTaker;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** Things of one stream that may wait for the disk; then nothing more is read from it. */
const MAX_WAITING = 8;
/** Milliseconds that a peer who is refused may take to make room for the reason. */
const REFUSAL_DEADLINE = 2_000;
const MAX_CODE = 64;

export class CustodyServer {
  readonly #parts: CustodyServerComponents;

  constructor(parts: CustodyServerComponents) {
    this.#parts = parts;
  }

  /** Serves one stream to its end. Never rejects. */
  async serve(stream: Stream, signal: AbortSignal): Promise<void> {
    try {
      await this.#greet(stream, signal);
      await new TakingStream(stream, this.#parts).run(signal);
    } catch (error) {
      if (signal.aborted) stream.abort(new PeerError('stopping', 'this node stops'));
      else await this.#refuse(stream, error, signal);
    }
  }

  async #greet(stream: Stream, signal: AbortSignal): Promise<void> {
    const { realm, clock } = this.#parts;
    const { peer } = stream;
    await within(clock, CUSTODY_HELLO_DEADLINE, `hello of ${peer.realm}`, signal, async (soon) => {
      const frame = await stream.read(soon);
      const hello = frame && decodeCustodyFrame(frame);
      if (hello?.kind !== 'hello') throw new PeerError('frame-malformed', 'a custody stream begins with a hello');
      if (peer.role !== 'node' || !areNeighbours(realm, peer.realm)) {
        throw new RefusedError('out-of-way', `${peer.role} ${peer.realm} is neither parent nor child of ${realm}`);
      }
      const version = CUSTODY_VERSIONS.find((one) => hello.versions.includes(one));
      if (version === undefined) {
        throw new RefusedError('version-unknown', `${peer.realm} speaks versions ${hello.versions.join(', ')}`);
      }
      await stream.write(encodeCustodyFrame({ kind: 'welcome', version }), soon);
    });
  }

  async #refuse(stream: Stream, error: unknown, signal: AbortSignal): Promise<void> {
    const { log, clock, taker } = this.#parts;
    const code = codeOf(error);
    const { realm } = stream.peer;
    log[code === 'stream-reset' ? 'info' : 'warn']({ peer: realm, code, err: error }, 'custody stream ended');
    if (error instanceof RefusedError) taker.declined(realm, code);
    const frame = encodeCustodyFrame({ kind: 'refusal', code: code.slice(0, MAX_CODE) });
    const write = (soon: AbortSignal) => stream.write(frame, soon);
    await within(clock, REFUSAL_DEADLINE, 'room for a refusal', signal, write).catch(() => {});
    // A reset would overtake the reason: whoever is refused by name gets to read it.
    if (error instanceof RefusedError) await stream.close().catch(() => {});
    else stream.abort(error instanceof Error ? error : new PeerError('stream-failed', String(error)));
  }
}

/** One greeted stream: reads ahead of the disk by a few, answers behind it. */
class TakingStream {
  readonly #stream: Stream;
  readonly #parts: CustodyServerComponents;
  readonly #ended = new AbortController();
  readonly #chains = new Map<string, Uint8Array>();
  readonly #room = new Bell();
  #waiting = 0;

  constructor(stream: Stream, parts: CustodyServerComponents) {
    this.#stream = stream;
    this.#parts = parts;
  }

  /** Resolves when the neighbour has ended the stream and all of it is answered. */
  async run(outer: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([outer, this.#ended.signal]);
    for (;;) {
      while (this.#waiting >= MAX_WAITING) await this.#room.heard(signal);
      const frame = await this.#stream.read(signal);
      if (!frame) break;
      this.#heard(decodeCustodyFrame(frame), signal);
    }
    while (this.#waiting > 0) await this.#room.heard(signal);
    await this.#stream.close();
  }

  #heard(frame: CustodyFrame, signal: AbortSignal): void {
    if (frame.kind === 'chain') return this.#remember(frame);
    if (frame.kind !== 'batch' && frame.kind !== 'settlement') {
      throw new PeerError('frame-malformed', `a ${frame.kind} is not for a taker`);
    }
    this.#waiting++;
    void this.#answer(frame, signal);
  }

  #remember({ ref, chain }: ChainFrame): void {
    const name = nameOf(refOf(chain));
    if (name !== nameOf(ref)) throw new PeerError('frame-malformed', 'a chain under a name that is not its own');
    if (this.#chains.size >= MAX_CHAINS) throw new PeerError('frame-malformed', 'too many chains on one stream');
    this.#chains.set(name, chain);
  }

  async #answer(frame: Handed, signal: AbortSignal): Promise<void> {
    try {
      const code = await this.#take(frame);
      const { seq } = frame;
      const answer = code === undefined ? { kind: 'taken' as const, seq } : { kind: 'declined' as const, seq, code };
      await this.#stream.write(encodeCustodyFrame(answer), signal);
    } catch (error) {
      this.#ended.abort(error);
    }
    this.#waiting--;
    this.#room.ring();
  }

  /** The reason when it was not taken. */
  async #take(frame: Handed): Promise<string | undefined> {
    const { taker, log } = this.#parts;
    const { peer, path } = this.#stream;
    const chain = this.#chains.get(nameOf(frame.ref));
    try {
      if (!chain) throw new PeerError('chain-unknown', 'the chain was not announced on this stream');
      if (frame.kind === 'batch') await taker.batch(peer.realm, frame, chain, path);
      else await taker.settlement(peer.realm, frame, chain, path);
      return undefined;
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      const code = error instanceof LocalError ? 'busy' : error.code.slice(0, MAX_CODE);
      log.warn({ peer: peer.realm, code, error: error.message }, 'not taken into custody');
      taker.declined(peer.realm, code);
      return code;
    }
  }
}

function nameOf(ref: Uint8Array): string {
  return Buffer.from(ref).toString('hex');
}
