// How many traces of one origin are kept: of what has left custody only when it came and went remains, but an origin whose mail is settled
// at once could write such records without end. What leaves beyond the limit leaves no trace; each sweep makes room for newer ones.
import type { RealmName } from '../../src/realm/names.ts';
import type { Trace } from './custody-store.ts';

/** Two weeks of a batch every twenty seconds; some 10 MB on disk. */
export const MAX_TRACES = 60_000;
/** What a sweep leaves of an origin that is at its limit. */
const LEFT = 0.75;

export class TraceQuota {
  readonly #most: number;
  /** As of the last sweep, and what came since. */
  #counts = new Map<RealmName, number>();

  constructor(most = MAX_TRACES) {
    this.#most = most;
  }

  /** Whether there is room for one more of this origin, which is then taken. */
  take(origin: RealmName): boolean {
    const count = this.#counts.get(origin) ?? 0;
    if (count >= this.#most) return false;
    this.#counts.set(origin, count + 1);
    return true;
  }

  /** Those to be removed: what left at `before` or earlier, and the oldest of origins that are at their limit. */
  async sweep(traces: () => AsyncIterable<Trace>, before: number): Promise<Trace[]> {
    const over: Trace[] = [];
    const counts = new Map<RealmName, number>();
    for await (const trace of traces()) {
      if (trace.endedAt <= before) over.push(trace);
      else counts.set(trace.origin, (counts.get(trace.origin) ?? 0) + 1);
    }
    for (const [origin, count] of counts) {
      if (count < this.#most) continue;
      const oldest = (await this.#newerOf(origin, traces, before)).slice(0, count - Math.floor(this.#most * LEFT));
      over.push(...oldest);
      counts.set(origin, count - oldest.length);
    }
    this.#counts = counts;
    return over;
  }

  /** Of one origin, the oldest first. */
  async #newerOf(origin: RealmName, traces: () => AsyncIterable<Trace>, before: number): Promise<Trace[]> {
    const found: Trace[] = [];
    for await (const trace of traces()) if (trace.origin === origin && trace.endedAt > before) found.push(trace);
    return found.sort((a, b) => a.endedAt - b.endedAt);
  }
}
