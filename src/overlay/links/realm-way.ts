// The way to one realm, over whichever of its relays is the best at the moment: who waits for one, what was last said of it,
// and the search for its relays while none is known.
import { type Clock, sleep } from '../../realm/clock.ts';
import { RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import type { PathReport } from '../seam.ts';

/** At a cold start the ancestors are a moment away: a round that ends sooner is not the last word. */
const PATIENCE = 3_000;
const SEARCH = { first: 500, longest: 5_000, limit: 6_000 };
/** News of a round trip alone: when it is another one by a quarter, and not more often than this. */
const RTT_NEWS = { share: 0.25, by: 5, every: 10_000 };

interface Waiter {
  /** Monotonic milliseconds. */
  readonly since: number;
  resolve(): void;
  reject(error: Error): void;
}

interface Said {
  readonly kind: PathReport['kind'];
  readonly via: RealmName | undefined;
  readonly rtt: number | undefined;
  /** Peer id of the relay that the next stream goes to. */
  readonly relay: string | undefined;
}

const NOTHING: Said = { kind: 'unreachable', via: undefined, rtt: undefined, relay: undefined };

export class RealmWay {
  readonly realm: RealmName;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  readonly #stopped = new AbortController();
  #said = NOTHING;
  #saidAt: number;
  /** Milliseconds since 1970. */
  #since: number;
  /** Monotonic milliseconds of the last time that somebody asked for this realm. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #searching = false;

  constructor(realm: RealmName, clock: Clock) {
    this.realm = realm;
    this.#clock = clock;
    this.#since = clock.now();
    this.#saidAt = clock.monotonic();
  }

  get askedAt(): number {
    return this.#askedAt;
  }

  get since(): number {
    return this.#since;
  }

  /** As if nobody had ever asked; whoever waits is told that there will be no way. */
  forget(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY;
    const refusal = new RefusedError('out-of-scope', `${this.realm} is no longer in scope`);
    for (const { reject } of this.#waiters) reject(refusal);
  }

  ask(): void {
    this.#askedAt = this.#clock.monotonic();
  }

  /** Resolves once there is a path. @throws UnreachableError `no-path` when a whole round found none; the signal's reason */
  async usable(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { since: this.#clock.monotonic(), resolve, reject };
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiters.add(waiter);
    try {
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener('abort', onAbort);
    }
  }

  found(): void {
    for (const { resolve } of this.#waiters) resolve();
  }

  giveUp(): void {
    const before = this.#clock.monotonic() - PATIENCE;
    for (const { since, reject } of this.#waiters) {
      if (since <= before) reject(new UnreachableError('no-path', `no way leads to ${this.realm} now`));
    }
  }

  /** Whether this is worth telling; another kind of path begins a new age. */
  isNews(now: Said): boolean {
    const { kind, via, relay, rtt } = this.#said;
    const monotonic = this.#clock.monotonic();
    if (now.kind !== kind || now.via !== via) this.#since = this.#clock.now();
    else if (now.relay === relay && !isOtherRtt(now.rtt, rtt, monotonic - this.#saidAt)) return false;
    this.#said = now;
    this.#saidAt = monotonic;
    return true;
  }

  /** Looks for the realm's relays again and again until one is known or nobody wants the realm any more. Never rejects. */
  async search(locate: (signal: AbortSignal) => Promise<boolean>, isWanted: () => boolean): Promise<void> {
    if (this.#searching) return;
    this.#searching = true;
    const { signal } = this.#stopped;
    for (let wait = SEARCH.first; isWanted() && !signal.aborted; wait = Math.min(wait * 2, SEARCH.longest)) {
      if (await this.#lookOnce(locate)) break;
      this.giveUp();
      await sleep(this.#clock, wait, signal).catch(() => {});
    }
    this.#searching = false;
  }

  stop(): void {
    this.#stopped.abort();
    for (const { reject } of this.#waiters) reject(new UnreachableError('stopped', 'this relay is stopping'));
  }

  async #lookOnce(locate: (signal: AbortSignal) => Promise<boolean>): Promise<boolean> {
    const limit = new AbortController();
    const timer = this.#clock.after(SEARCH.limit, () => limit.abort());
    try {
      return await locate(AbortSignal.any([limit.signal, this.#stopped.signal]));
    } finally {
      timer.cancel();
    }
  }
}

function isOtherRtt(now: number | undefined, before: number | undefined, age: number): boolean {
  if (now === undefined || before === undefined) return now !== before;
  return age >= RTT_NEWS.every && Math.abs(now - before) > Math.max(RTT_NEWS.by, before * RTT_NEWS.share);
}
