// The giver's side of one stream of `/canopy/custody/1` (src/protocols/custody): hands on what the flows have, without waiting
// for each answer, and tells each item how it was answered.
import type { Network, Path, Stream } from '../../src/overlay/seam.ts';
import { type CustodyFrame, decodeCustodyFrame, encodeCustodyFrame } from '../../src/protocols/custody/frames.ts';
import {
  CUSTODY_HELLO_DEADLINE,
  CUSTODY_PROTOCOL,
  CUSTODY_VERSIONS,
  IDLE_CUSTODY,
  MAX_CHAINS,
  MAX_CUSTODY_FRAME,
  MAX_CUSTODY_IN_FLIGHT,
  TAKEN_DEADLINE,
} from '../../src/protocols/custody/index.ts';
import { Bell } from '../../src/realm/bell.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Item } from './hand-on.ts';

export interface CustodySessionComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Clock;
  /** The next thing that is due for the neighbour. */
  readonly next: () => Promise<Item | undefined>;
  /** Something waits for the neighbour, which may become due by time alone. */
  readonly isPending: () => boolean;
  readonly onOpen: (path: Path) => void;
}

/** Milliseconds between two looks for what has become due. */
export const LOOK = 5_000;

export class CustodySession {
  readonly #parts: CustodySessionComponents;
  readonly #neighbour: RealmName;
  readonly #bell = new Bell();
  readonly #ended = new AbortController();
  readonly #inFlight = new Map<number, Item>();
  readonly #announced = new Set<string>();
  #seq = 0;
  #deadline: Timer | undefined;
  /** Something was answered on this stream. */
  progressed = false;

  constructor(parts: CustodySessionComponents, neighbour: RealmName) {
    this.#parts = parts;
    this.#neighbour = neighbour;
  }

  /** There may be something to hand on. */
  wake(): void {
    this.#bell.ring();
  }

  /** Resolves when there was nothing to hand on for a while; rejects when the stream broke. */
  async run(outer: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([outer, this.#ended.signal]);
    const stream = await this.#open(signal);
    const reading = this.#readAnswers(stream, signal);
    try {
      await this.#handOn(stream, signal);
      await stream.close();
    } finally {
      this.#ended.abort();
      this.#deadline?.cancel();
      stream.abort(new UnreachableError('stream-over', 'The custody session is over'));
      await reading;
      await this.#breakOff();
    }
  }

  async #open(outer: AbortSignal): Promise<Stream> {
    const { network, clock, onOpen } = this.#parts;
    const neighbour = this.#neighbour;
    return within(clock, CUSTODY_HELLO_DEADLINE, `welcome of ${neighbour}`, outer, async (signal) => {
      const stream = await network.open(neighbour, CUSTODY_PROTOCOL, { signal, maxFrame: MAX_CUSTODY_FRAME });
      try {
        await stream.write(encodeCustodyFrame({ kind: 'hello', versions: CUSTODY_VERSIONS }), signal);
        expectWelcome(await stream.read(signal));
        onOpen(stream.path);
        return stream;
      } catch (error) {
        stream.abort(error instanceof Error ? error : new PeerError('stream-failed', String(error)));
        throw error;
      }
    });
  }

  async #handOn(stream: Stream, signal: AbortSignal): Promise<void> {
    const { clock, next } = this.#parts;
    let idleSince = clock.monotonic();
    while (clock.monotonic() - idleSince < IDLE_CUSTODY) {
      signal.throwIfAborted();
      const item = this.#hasRoom() ? await next() : undefined;
      if (item) await this.#send(stream, item, signal);
      else await this.#bell.heardWithin(clock, this.#untilNextLook(idleSince), signal);
      if (item || this.#inFlight.size > 0) idleSince = clock.monotonic();
    }
  }

  /** A stream on which nothing moves is not kept because something waits: what becomes due later opens another. */
  #untilNextLook(idleSince: number): number {
    const idleFor = this.#parts.clock.monotonic() - idleSince;
    // A whole millisecond at least: by a clock of fractions, time might never pass the end.
    const rest = Math.max(1, IDLE_CUSTODY - idleFor);
    return this.#inFlight.size > 0 || this.#parts.isPending() ? Math.min(LOOK, rest) : rest;
  }

  #hasRoom(): boolean {
    const bytes = [...this.#inFlight.values()].reduce((sum, item) => sum + item.bytes, 0);
    return bytes < MAX_CUSTODY_IN_FLIGHT;
  }

  async #send(stream: Stream, item: Item, signal: AbortSignal): Promise<void> {
    const seq = this.#seq++;
    this.#inFlight.set(seq, item);
    this.#expectAnswer();
    await this.#announce(stream, item, signal);
    const { kind, ref } = item;
    const frame: CustodyFrame =
      kind === 'batch'
        ? { kind, seq, ref, trail: item.trail, payload: item.payload }
        : { kind, seq, ref, settled: item.settled, signature: item.signature };
    await stream.write(encodeCustodyFrame(frame), signal);
  }

  async #announce(stream: Stream, { ref, chain }: Item, signal: AbortSignal): Promise<void> {
    const name = Buffer.from(ref).toString('hex');
    if (this.#announced.has(name)) return;
    if (this.#announced.size >= MAX_CHAINS) throw new UnreachableError('stream-over', 'A stream for further chains');
    this.#announced.add(name);
    await stream.write(encodeCustodyFrame({ kind: 'chain', ref, chain }), signal);
  }

  async #readAnswers(stream: Stream, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const frame = await stream.read(signal);
        if (!frame) throw new UnreachableError('stream-ended', `${this.#neighbour} ended the stream`);
        await this.#answered(decodeCustodyFrame(frame));
      }
    } catch (error) {
      this.#ended.abort(error);
    }
  }

  async #answered(frame: CustodyFrame): Promise<void> {
    if (frame.kind !== 'taken' && frame.kind !== 'declined') throw unexpected(frame);
    const item = this.#inFlight.get(frame.seq);
    if (!item) throw new PeerError('frame-malformed', `an answer to ${frame.seq}, which is not open`);
    this.#inFlight.delete(frame.seq);
    this.progressed = true;
    this.#expectAnswer();
    await item.answered(frame.kind === 'taken' ? { kind: 'taken' } : { kind: 'declined', code: frame.code });
    this.#bell.ring();
  }

  async #breakOff(): Promise<void> {
    const open = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const item of open) await item.answered({ kind: 'broken' });
  }

  #expectAnswer(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
    if (this.#inFlight.size === 0) return;
    this.#deadline = this.#parts.clock.after(TAKEN_DEADLINE, () => {
      this.#ended.abort(new UnreachableError('answer-missing', `${this.#neighbour} answered nothing in time`));
    });
  }
}

function expectWelcome(frame: Uint8Array | undefined): void {
  const decoded = frame && decodeCustodyFrame(frame);
  if (decoded?.kind !== 'welcome') throw unexpected(decoded);
  if (CUSTODY_VERSIONS.includes(decoded.version)) return;
  throw new PeerError('version-unknown', `the neighbour chose version ${decoded.version}, which we did not offer`);
}

function unexpected(frame: CustodyFrame | undefined): Error {
  if (frame?.kind === 'refusal') return new RefusedError(frame.code, `The neighbour refused: ${frame.code}`);
  return new PeerError('frame-malformed', `the neighbour sent ${frame?.kind ?? 'nothing'} out of turn`);
}
