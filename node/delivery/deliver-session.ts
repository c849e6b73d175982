// The origin's side of one stream of `/canopy/deliver/1` (src/protocols/deliver): greets, settles what the destination has
// already, sends batches as they gather without waiting for each, and removes from the outbox what is acknowledged.
import type { Network, Stream } from '../../src/overlay/seam.ts';
import { type Ack, decodeDeliverFrame, encodeDeliverFrame, type Welcome } from '../../src/protocols/deliver/frames.ts';
import {
  ACK_DEADLINE,
  BATCH_BYTES,
  DELIVER_PROTOCOL,
  DELIVER_VERSIONS,
  HELLO_DEADLINE,
  MAX_BATCH_ENVELOPES,
  MAX_DELIVER_FRAME,
  MAX_IN_FLIGHT,
} from '../../src/protocols/deliver/index.ts';
import { isMarked, type Marks, NO_MARKS } from '../../src/protocols/deliver/mark-set.ts';
import { Bell } from '../../src/realm/bell.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { hasExpired, makeBatch } from './batch-maker.ts';
import type { BatchSigner } from './batch-signing.ts';
import { type StoredPath, storePath } from './handover-store.ts';
import type { Outbox } from './outbox.ts';
import type { OutboxEntry, Position } from './outbox-entry.ts';
import type { Settling } from './settling.ts';
import type { Tally } from './tally.ts';

export interface DeliverSessionComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly network: Pick<Network, 'open'>;
  readonly outbox: Pick<Outbox, 'read'>;
  readonly settling: Settling;
  readonly signer: BatchSigner;
  readonly clock: Clock;
  readonly tally: Tally;
  readonly onOpen: () => void;
}

interface InFlight {
  readonly entries: readonly OutboxEntry[];
  readonly expired: readonly OutboxEntry[];
  readonly incarnation: number;
  readonly last: number;
  readonly bytes: number;
}

export class DeliverSession {
  readonly #parts: DeliverSessionComponents;
  readonly #destination: RealmName;
  readonly #bell = new Bell();
  readonly #ended = new AbortController();
  #stream: Stream | undefined;
  #way: StoredPath | undefined;
  #inFlight: InFlight[] = [];
  #deadline: Timer | undefined;
  #renewing = false;
  /** Something was acknowledged on this stream. */
  progressed = false;

  constructor(parts: DeliverSessionComponents, destination: RealmName) {
    this.#parts = parts;
    this.#destination = destination;
  }

  get path(): Stream['path'] | undefined {
    return this.#stream?.path;
  }

  get isBusy(): boolean {
    return this.#inFlight.length > 0;
  }

  /** There is something new in the outbox. */
  wake(): void {
    this.#bell.ring();
  }

  /** Ends the stream as soon as nothing is in flight, so that the next one takes the better path. */
  renew(): void {
    this.#renewing = true;
    this.#bell.ring();
  }

  /** Ends the stream at once. */
  giveUp(cause: Error): void {
    this.#ended.abort(cause);
  }

  /** Resolves when it was renewed or the destination ended the stream; rejects when it broke. */
  async run(outer: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([outer, this.#ended.signal]);
    const { stream, marks } = await this.#open(signal);
    this.#parts.onOpen();
    const reading = this.#readAcks(stream, signal);
    try {
      await this.#send(stream, marks, signal);
      await stream.close();
    } finally {
      this.#ended.abort();
      this.#deadline?.cancel();
      stream.abort(new UnreachableError('stream-over', 'The deliver session is over'));
      await reading;
    }
  }

  async #open(outer: AbortSignal): Promise<{ stream: Stream; marks: Welcome['marks'] }> {
    const { network, clock, realm: origin, incarnation, signer } = this.#parts;
    const destination = this.#destination;
    return within(clock, HELLO_DEADLINE, `welcome of ${destination}`, outer, async (signal) => {
      const stream = await network.open(destination, DELIVER_PROTOCOL, { signal, maxFrame: MAX_DELIVER_FRAME });
      try {
        const versions = DELIVER_VERSIONS;
        const { chain, certificate = new Uint8Array() } = signer;
        const hello = { kind: 'hello', versions, origin, incarnation, destination, chain, certificate } as const;
        await stream.write(encodeDeliverFrame(hello), signal);
        const { marks } = expectWelcome(await stream.read(signal));
        this.#stream = stream;
        this.#way = storePath(stream.path);
        return { stream, marks };
      } catch (error) {
        stream.abort(error instanceof Error ? error : new PeerError('stream-failed', String(error)));
        throw error;
      }
    });
  }

  async #send(stream: Stream, marks: Welcome['marks'], signal: AbortSignal): Promise<void> {
    let at: Position = { incarnation: 0, n: 0 };
    for (;;) {
      signal.throwIfAborted();
      const entries = this.#mayRead() ? await this.#read(at) : [];
      const [first] = entries;
      const last = entries.at(-1);
      if (first && last) {
        const known = marks.get(first.incarnation) ?? NO_MARKS;
        const from = Math.max(known.watermark, at.incarnation === first.incarnation ? at.n : 0);
        await this.#sendEntries(stream, entries, { marks: known, first: from + 1, last: last.n }, signal);
        at = { incarnation: last.incarnation, n: last.n };
      } else if (this.#renewing && this.#inFlight.length === 0) return;
      else await this.#bell.heard(signal);
    }
  }

  #mayRead(): boolean {
    return !this.#renewing && this.#inFlight.reduce((sum, { bytes }) => sum + bytes, 0) < MAX_IN_FLIGHT;
  }

  #read(at: Position): Promise<OutboxEntry[]> {
    return this.#parts.outbox.read(this.#destination, at, { count: MAX_BATCH_ENVELOPES, bytes: BATCH_BYTES });
  }

  async #sendEntries(
    stream: Stream,
    entries: readonly OutboxEntry[],
    span: { marks: Marks; first: number; last: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, settling } = this.#parts;
    const now = clock.now();
    const settled = entries.filter(({ n }) => isMarked(span.marks, n));
    const open = entries.filter(({ n }) => !isMarked(span.marks, n));
    await settling.acknowledged(this.#destination, settled, undefined);
    if (open.length === 0) return;
    const expired = open.filter((entry) => hasExpired(entry, now));
    const live = open.filter((entry) => !expired.includes(entry));
    const bytes = live.reduce((sum, entry) => sum + entry.bytes.length, 0);
    const [{ incarnation }] = open as [OutboxEntry];
    this.#inFlight.push({ entries: live, expired, incarnation, last: span.last, bytes });
    this.#expectAck();
    const { realm: origin, signer } = this.#parts;
    const terms = { origin, destination: this.#destination, incarnation, first: span.first, last: span.last };
    await stream.write(encodeDeliverFrame(makeBatch(signer, terms, live)), signal);
    this.#parts.tally.sent += live.length;
  }

  async #readAcks(stream: Stream, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const frame = await stream.read(signal);
        if (!frame) break;
        await this.#acknowledged(expectAck(frame));
      }
      if (!this.#renewing) throw new UnreachableError('stream-ended', `${this.#destination} ended the stream`);
    } catch (error) {
      this.#ended.abort(error);
    }
  }

  async #acknowledged({ incarnation, marks, setAside }: Ack): Promise<void> {
    const isSettled = (batch: InFlight) =>
      batch.incarnation === incarnation &&
      (batch.last <= marks.watermark ||
        (batch.entries.length > 0 && batch.entries.every(({ n }) => isMarked(marks, n))));
    const settled = this.#inFlight.filter(isSettled);
    this.#inFlight = this.#inFlight.filter((batch) => !isSettled(batch));
    this.progressed ||= settled.length > 0;
    this.#expectAck();
    this.#bell.ring();
    const { settling } = this.#parts;
    const delivered = settled.flatMap((batch) => batch.entries);
    await settling.acknowledged(this.#destination, delivered, this.#way, setAside);
    const expired = settled.flatMap((batch) => batch.expired);
    const codes = expired.map(({ n }) => ({ n, code: 'expired' }));
    await settling.acknowledged(this.#destination, expired, undefined, codes);
  }

  /** Something in flight must be acknowledged in time, or the stream counts as a black hole. */
  #expectAck(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
    if (this.#inFlight.length === 0 || this.#ended.signal.aborted) return;
    this.#deadline = this.#parts.clock.after(ACK_DEADLINE, () => {
      this.#ended.abort(new UnreachableError('ack-missing', `${this.#destination} acknowledged nothing in time`));
    });
  }
}

function expectWelcome(frame: Uint8Array | undefined): Welcome {
  const decoded = frame && decodeDeliverFrame(frame);
  if (decoded?.kind !== 'welcome') throw unexpected(decoded);
  if (DELIVER_VERSIONS.includes(decoded.version)) return decoded;
  throw new PeerError('version-unknown', `the destination chose version ${decoded.version}, which we did not offer`);
}

function expectAck(frame: Uint8Array): Ack {
  const decoded = decodeDeliverFrame(frame);
  if (decoded.kind === 'ack') return decoded;
  throw unexpected(decoded);
}

function unexpected(frame: ReturnType<typeof decodeDeliverFrame> | undefined): Error {
  if (frame?.kind === 'refusal') return new RefusedError(frame.code, `The destination refused: ${frame.code}`);
  return new PeerError('frame-malformed', `the destination sent ${frame?.kind ?? 'nothing'} out of turn`);
}
