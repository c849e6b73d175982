// What this node holds for others: written before it is acknowledged, kept until the destination's settlement covers it or its
// time is over, handed to the next hop meanwhile. The quotas of quotas.ts bound it.
import { MAX_HELD } from '../../src/protocols/custody/index.ts';
import { coversRange, type Marks, NO_MARKS, withRange } from '../../src/protocols/deliver/mark-set.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';
import type { Database } from '../../src/store/database.ts';
import {
  type BatchId,
  type CustodyStore,
  chainWrite,
  endWrites,
  type HeldRecord,
  heldWrite,
  payloadWrite,
  traceRemoval,
} from './custody-store.ts';
import type { CustodyTally } from './custody-tally.ts';
import type { Flow, Item } from './hand-on.ts';
import { HeldFlow } from './held-flow.ts';
import { type CustodyLimits, MAX_REALMS, Quotas } from './quotas.ts';
import { TraceQuota } from './trace-quota.ts';

export interface HeldMailInit {
  readonly realm: RealmName;
  readonly database: Pick<Database, 'commit'>;
  readonly store: CustodyStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: CustodyLimits;
  readonly tally: CustodyTally;
  /** A destination whose mail is not handed on at present. */
  readonly isFrozen: (realm: RealmName) => boolean;
}

/** A sequence of numbers: those of an origin for a destination. */
export type Sequence = Pick<BatchId, 'origin' | 'destination' | 'incarnation'>;

export interface HeldReport {
  readonly origin: RealmName;
  readonly destination: RealmName;
  /** Milliseconds since 1970. */
  readonly oldest: number;
  readonly frozen: boolean;
  /** Why the next hop does not take it. */
  readonly code?: string;
}

const EXPIRED = 'expired';

export class HeldMail {
  readonly #init: HeldMailInit;
  readonly #flows = new Map<string, HeldFlow>();
  /** The same by the neighbour whom they go to, and by pair. */
  readonly #byNext = new Map<RealmName, Map<string, Flow>>();
  readonly #traces: TraceQuota;
  /** Of each origin. */
  readonly #destinations = new Map<RealmName, Set<RealmName>>();
  /** What is held or was settled, by pair and incarnation: the same batch again is not written twice. */
  readonly #known = new Map<string, Marks>();
  readonly #writing = new Map<string, { record: HeldRecord; written: Promise<void> }>();
  readonly #quotas: Quotas;

  constructor(init: HeldMailInit) {
    this.#init = init;
    this.#quotas = new Quotas(init.limits);
    this.#traces = new TraceQuota(init.limits.traces);
  }

  async load(): Promise<void> {
    const records: HeldRecord[] = [];
    for await (const record of this.#init.store.held()) records.push(record);
    for (const record of records.sort((a, b) => a.heldAt - b.heldAt || a.first - b.first)) {
      this.#quotas.add(record);
      this.remember(record, record);
      this.#flow(record)?.add(record);
    }
  }

  get bytes(): number {
    return this.#quotas.total;
  }

  get count(): number {
    return [...this.#flows.values()].reduce((sum, flow) => sum + flow.size, 0);
  }

  /** True when each number of it is held or settled already. */
  knows(id: BatchId): boolean {
    return coversRange(this.#known.get(keyOf(id)) ?? NO_MARKS, id.first, id.last);
  }

  /** Resolves when it is on disk. @throws RefusedError by quota; LocalError */
  take(record: HeldRecord, payload: Uint8Array, chain: Uint8Array): Promise<void> {
    // The same batch may come on two streams, of which one is dying.
    const which = `${keyOf(record)}/${record.first}/${record.last}`;
    const writing = this.#writing.get(which);
    if (writing) return writing.written;
    const written = this.#write(record, payload, chain).finally(() => this.#writing.delete(which));
    this.#writing.set(which, { record, written });
    return written;
  }

  async #write(record: HeldRecord, payload: Uint8Array, chain: Uint8Array): Promise<void> {
    this.#checkDestinations(record);
    this.#quotas.take(record);
    try {
      await this.#init.database.commit([
        heldWrite(record),
        payloadWrite(record, payload),
        chainWrite(record.ref, chain),
      ]);
    } catch (error) {
      this.#quotas.give(record);
      throw error;
    }
    this.remember(record, record);
    this.#flow(record)?.add(record);
  }

  /** @throws RefusedError `origin-full` */
  #checkDestinations({ origin, destination }: HeldRecord): void {
    const waiting = this.#destinations.get(origin);
    const { realms = MAX_REALMS } = this.#init.limits;
    if (!waiting || waiting.size < realms || waiting.has(destination)) return;
    throw new RefusedError('origin-full', `mail of ${origin} for ${waiting.size} realms is held already`);
  }

  /** Drops what a settlement covers. */
  async settle(of: Sequence, marks: Marks): Promise<void> {
    this.remember(of, { first: 1, last: marks.watermark });
    const flow = this.#flows.get(pairOf(of));
    const over =
      flow?.drop((record) => record.incarnation === of.incarnation && coversRange(marks, record.first, record.last)) ??
      [];
    await this.#end(over, '');
  }

  /** Drops what nobody waits for any more, but nothing of a frozen destination. Resolves with how many batches. */
  async expire(): Promise<number> {
    const { clock, isFrozen } = this.#init;
    const now = clock.now();
    const isOver = ({ expiry, heldAt, destination }: HeldRecord) =>
      !isFrozen(destination) && ((expiry > 0 && expiry <= now) || heldAt + MAX_HELD <= now);
    const over = [...this.#flows.values()].flatMap((flow) => flow.drop(isOver));
    for (const record of over) this.#known.delete(keyOf(record));
    for (const flow of this.#flows.values()) for (const record of flow.records()) this.remember(record, record);
    await this.#end(over, EXPIRED);
    return over.length;
  }

  async #end(over: readonly HeldRecord[], code: string): Promise<void> {
    const now = this.#init.clock.now();
    for (const record of over) this.#quotas.give(record);
    for (const [pair, flow] of this.#flows) if (flow.size === 0) this.#drop(pair, flow);
    await this.#init.database.commit(
      over.flatMap((record) => endWrites(record, now, code, this.#traces.take(record.origin))),
    );
  }

  /** Of all pairs whose next hop is that neighbour. */
  flows(next: RealmName): Iterable<Flow> {
    return this.#byNext.get(next)?.values() ?? [];
  }

  /** Neighbours for whom something is held. */
  neighbours(): RealmName[] {
    return [...this.#byNext.keys()];
  }

  /** Forgets traces that have had their time, and the oldest of origins that have too many. */
  async forgetTraces(before: number): Promise<void> {
    const { store, database } = this.#init;
    await database.commit((await this.#traces.sweep(() => store.traces(), before)).map(traceRemoval));
  }

  /** Something of this pair is or was here since the start. */
  meets(of: Sequence): boolean {
    return this.#known.has(keyOf(of));
  }

  find(origin: RealmName, destination: RealmName, incarnation: number, n: number): HeldRecord | undefined {
    return this.#flows.get(pairOf({ origin, destination }))?.find(incarnation, n);
  }

  codeOf(origin: RealmName, destination: RealmName): string | undefined {
    return this.#flows.get(pairOf({ origin, destination }))?.code;
  }

  /** The way to a neighbour, or what a destination may get, has changed. */
  unblock(): void {
    for (const flow of this.#flows.values()) flow.unblock();
  }

  /** Pairs whose oldest batch came before that time, the oldest first. */
  report(before: number): HeldReport[] {
    const reports = [...this.#flows.values()].map(({ origin, destination, code, oldest }) => {
      return {
        origin,
        destination,
        oldest,
        frozen: this.#init.isFrozen(destination),
        ...(code !== undefined && { code }),
      };
    });
    return reports.filter(({ oldest }) => oldest < before).sort((a, b) => a.oldest - b.oldest);
  }

  /** Refs of chains that what is held needs. */
  refs(): Uint8Array[] {
    const held = [...this.#flows.values()].flatMap((flow) => flow.records());
    return [...held, ...[...this.#writing.values()].map(({ record }) => record)].map(({ ref }) => ref);
  }

  async #next(flow: HeldFlow): Promise<Item | undefined> {
    const { clock, store, realm, database, isFrozen, tally } = this.#init;
    if (isFrozen(flow.destination)) return undefined;
    const record = flow.take(clock.now());
    if (!record) return undefined;
    const reading = Promise.all([store.payload(record), store.chain(record.ref)]);
    const [payload, chain] = await reading.catch((error: unknown) => {
      flow.answered(record, { kind: 'broken' }, clock.now());
      throw error;
    });
    if (!payload || !chain) {
      // Settled while we read.
      flow.answered(record, { kind: 'broken' }, clock.now());
      return undefined;
    }
    const trail = [...record.trail, { realm, at: record.heldAt }];
    return {
      kind: 'batch',
      bytes: record.bytes,
      ref: record.ref,
      chain,
      trail,
      payload,
      answered: async (answer) => {
        const now = flow.answered(record, answer, clock.now());
        if (answer.kind !== 'taken' || !now || now.passedAt === record.passedAt) return;
        tally.passed++;
        await database.commit([heldWrite(now)]);
      },
    };
  }

  /** Nothing more is known of this sequence than what is held of it. */
  forget(of: Sequence): void {
    this.#known.delete(keyOf(of));
    for (const record of this.#flows.get(pairOf(of))?.records() ?? []) this.remember(record, record);
  }

  /** These numbers are held or settled. */
  remember(of: Sequence, { first, last }: { first: number; last: number }): void {
    if (last < first) return;
    const marks = withRange(this.#known.get(keyOf(of)) ?? NO_MARKS, first, last);
    if (marks) this.#known.set(keyOf(of), marks);
  }

  #flow(of: { origin: RealmName; destination: RealmName }): HeldFlow | undefined {
    const pair = pairOf(of);
    const next = nextOnTree(this.#init.realm, of.destination);
    const known = this.#flows.get(pair);
    if (known || next === undefined) return known;
    const flow = new HeldFlow(of.origin, of.destination, next);
    this.#flows.set(pair, flow);
    const toNext = this.#byNext.get(next) ?? new Map<string, Flow>();
    this.#byNext.set(next, toNext.set(pair, { next, take: () => this.#next(flow) }));
    this.#destinations.set(of.origin, (this.#destinations.get(of.origin) ?? new Set()).add(of.destination));
    return flow;
  }

  #drop(pair: string, { origin, destination, next }: HeldFlow): void {
    this.#flows.delete(pair);
    const toNext = this.#byNext.get(next);
    toNext?.delete(pair);
    if (toNext?.size === 0) this.#byNext.delete(next);
    const waiting = this.#destinations.get(origin);
    waiting?.delete(destination);
    if (waiting?.size === 0) this.#destinations.delete(origin);
  }
}

const pairOf = (of: { origin: RealmName; destination: RealmName }): string => `${of.origin}/${of.destination}`;
const keyOf = (of: Sequence): string => `${pairOf(of)}/${of.incarnation}`;
