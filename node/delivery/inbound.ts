// Everything that comes from one origin, on whichever stream: one flow, written in durable batches. What gathers while one
// batch is being written goes into the next. Numbers that are settled already are dropped and counted; marks, messages and
// what is set aside are one batch, so that after a crash neither a message is missing nor one doubled.
import type { SetAside } from '../../src/protocols/deliver/frames.ts';
import { MAX_INCARNATIONS } from '../../src/protocols/deliver/index.ts';
import { isMarked, type Marks, NO_MARKS, withRange } from '../../src/protocols/deliver/mark-set.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import { Gather } from '../../src/store/gather.ts';
import type { Audit } from '../audit/audit.ts';
import type { Delivered, Outcome } from '../conversations/delivered.ts';
import { type StoredPath, storePath, type Travelled } from './handover-store.ts';
import { asideWrite, type InboundStore, marksRemoval, marksWrite } from './inbound-store.ts';
import type { OpenedBatch, OpenedItem } from './opened-batch.ts';
import { PARTLY } from './redirecting.ts';
import type { Tally } from './tally.ts';

export interface InboundSink {
  ingest(items: readonly Delivered[], finish: (outcomes: readonly Outcome[]) => Write[]): Promise<Outcome[]>;
}

export interface InboundComponents {
  readonly store: InboundStore;
  readonly sink: InboundSink;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly tally: Tally;
  readonly log: Log;
}

/** Batches that share one durable write at most. */
const MAX_GROUP = 16;
/** Envelopes of one origin that are kept set aside; further ones are dropped, counted and named to the origin all the same. */
const MAX_ASIDE = 1000;

/**
 * By how much an origin's incarnation may be above the newest of which something came: each takes a restore, and a certificate of
 * the realm above. Else whoever had a stolen key once could take the highest, and the realm would be stale here for ever.
 */
const MAX_LEAP = 1000;

interface Job {
  readonly batch: OpenedBatch;
  readonly path: Travelled;
  /** Filled by the write. */
  setAside: readonly SetAside[];
}

interface Candidate {
  readonly job: Job;
  readonly item: OpenedItem;
  readonly path: StoredPath;
}

interface Verdict extends Candidate {
  readonly code: string;
}

export class Inbound {
  readonly origin: RealmName;
  readonly #parts: InboundComponents;
  readonly #jobs: Gather<Job>;
  #marks: ReadonlyMap<number, Marks>;
  #aside: number;

  private constructor(origin: RealmName, parts: InboundComponents, marks: ReadonlyMap<number, Marks>, aside: number) {
    this.origin = origin;
    this.#parts = parts;
    this.#marks = marks;
    this.#aside = aside;
    this.#jobs = new Gather((jobs) => this.#write(jobs), MAX_GROUP);
  }

  static async open(origin: RealmName, parts: InboundComponents): Promise<Inbound> {
    const aside = await parts.store.setAside(origin, MAX_ASIDE);
    return new Inbound(origin, parts, await parts.store.marks(origin), aside.length);
  }

  /** What is on disk. */
  get marks(): ReadonlyMap<number, Marks> {
    return this.#marks;
  }

  /** The newest incarnation of which something came. */
  get incarnation(): number {
    return Math.max(0, ...this.#marks.keys());
  }

  /** @throws RefusedError `incarnation-ahead` */
  checkLeap(incarnation: number): void {
    const known = this.incarnation;
    if (incarnation <= known + MAX_LEAP) return;
    throw new RefusedError('incarnation-ahead', `${this.origin} is at ${known}, and not at ${incarnation} all at once`);
  }

  /** Resolves once the batch is on disk, with what was set aside of it. @throws PeerError `too-far-ahead`; LocalError */
  async take(batch: OpenedBatch, path: Travelled): Promise<readonly SetAside[]> {
    const job: Job = { batch, path, setAside: [] };
    await this.#jobs.add(job);
    return job.setAside;
  }

  async #write(jobs: readonly Job[]): Promise<void> {
    const marks = new Map(this.#marks);
    const paths = new Map<Travelled, StoredPath>();
    const candidates = jobs.flatMap((job) => this.#candidates(job, marks, paths));
    const readable = candidates.flatMap((candidate) => {
      const { encoded } = candidate.item;
      return encoded ? [{ candidate, encoded }] : [];
    });
    const arrivals = readable.map(({ candidate: { path }, encoded }): Delivered => {
      return { encoded, origin: this.origin, path: path.kind, pathRef: path.ref };
    });
    let verdicts: Verdict[] = [];
    const outcomes = await this.#parts.sink.ingest(arrivals, (decided) => {
      const rejected = readable.map(({ candidate }, i) => ({ ...candidate, code: codeOfOutcome(decided[i]) }));
      const unreadable = candidates.map((candidate) => ({ ...candidate, code: candidate.item.code }));
      verdicts = [...rejected, ...unreadable].filter((one): one is Verdict => one.code !== undefined);
      return [
        ...[...paths.values()].map((path) => path.write),
        ...this.#markWrites(marks),
        ...this.#asideWrites(verdicts),
      ];
    });
    this.#marks = marks;
    this.#count(outcomes, verdicts);
    for (const job of jobs)
      job.setAside = verdicts.filter((one) => one.job === job).map(({ item, code }) => ({ n: item.n, code }));
  }

  /** What of a batch is new; moves the marks over the whole of it. */
  #candidates(job: Job, marks: Map<number, Marks>, paths: Map<Travelled, StoredPath>): Candidate[] {
    const { incarnation, first, last } = job.batch.header;
    const before = marks.get(incarnation) ?? NO_MARKS;
    const after = withRange(before, first, last);
    if (!after) throw new PeerError('too-far-ahead', `a batch of ${this.origin} would leave too many gaps`);
    marks.set(incarnation, after);
    const path = paths.get(job.path) ?? storePath(job.path);
    paths.set(job.path, path);
    const fresh = job.batch.items.filter((item) => !isMarked(before, item.n));
    this.#parts.tally.duplicates += job.batch.items.length - fresh.length;
    return fresh.map((item) => ({ job, item, path }));
  }

  #markWrites(marks: Map<number, Marks>): Write[] {
    const changed = [...marks].filter(([incarnation, now]) => this.#marks.get(incarnation) !== now);
    const writes = changed.map(([incarnation, now]) => marksWrite(this.origin, incarnation, now));
    const forgotten = [...marks.keys()].sort((a, b) => a - b).slice(0, -MAX_INCARNATIONS);
    for (const incarnation of forgotten) marks.delete(incarnation);
    return [...writes, ...forgotten.map((incarnation) => marksRemoval(this.origin, incarnation))];
  }

  #asideWrites(verdicts: readonly Verdict[]): Write[] {
    const at = this.#parts.clock.now();
    return verdicts.slice(0, Math.max(0, MAX_ASIDE - this.#aside)).map(({ job, item, code }) => {
      const { incarnation } = job.batch.header;
      return asideWrite(this.origin, { incarnation, n: item.n, at, code, bytes: item.bytes });
    });
  }

  #count(outcomes: readonly Outcome[], verdicts: readonly Verdict[]): void {
    const { tally, log } = this.#parts;
    tally.received += outcomes.filter((outcome) => outcome.kind === 'accepted').length;
    tally.duplicates += outcomes.filter((outcome) => outcome.kind === 'duplicate').length;
    for (const { job, item, code } of verdicts) {
      if (code === PARTLY) {
        this.#aside++;
        continue;
      }
      tally.quarantined++;
      if (code.startsWith('foreign-')) tally.foreign++;
      const id = item.encoded?.envelope.id ?? '';
      log.warn({ origin: this.origin, n: item.n, code, id }, 'envelope set aside');
      if (this.#aside++ < MAX_ASIDE) this.#record(code, { incarnation: job.batch.header.incarnation, n: item.n, id });
    }
  }

  #record(code: string, fields: Record<string, string | number>): void {
    this.#parts.audit
      .record({ code: 'envelope-set-aside', actor: this.origin, fields: { ...fields, why: code } })
      .catch((error: unknown) => this.#parts.log.error({ err: error }, 'audit failed'));
  }
}

function codeOfOutcome(outcome: Outcome | undefined): string | undefined {
  if (outcome?.kind === 'accepted' && outcome.isPartly) return PARTLY;
  return outcome?.kind === 'rejected' ? outcome.code : undefined;
}
