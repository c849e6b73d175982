// How many errands of one origin are under way at one time from here to the next hop. Further ones wait for their turn, so that an
// origin whose errands nobody answers takes its own share of the way, and none of its neighbours'.
import type { RealmName } from '../../src/realm/names.ts';

interface Share {
  underWay: number;
  /** In the order of coming. */
  readonly waiting: Set<() => void>;
}

export class Shares {
  readonly #most: number;
  readonly #origins = new Map<RealmName, Share>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs it when there is room. @throws the signal's reason while it waits */
  async run<T>(origin: RealmName, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    const share = this.#origins.get(origin) ?? { underWay: 0, waiting: new Set() };
    this.#origins.set(origin, share);
    if (share.underWay >= this.#most) await turn(share, signal);
    else share.underWay++;
    try {
      return await act();
    } finally {
      this.#leave(origin, share);
    }
  }

  /** Whoever waits takes the place that becomes free. */
  #leave(origin: RealmName, share: Share): void {
    const [next] = share.waiting;
    if (next) return next();
    share.underWay--;
    if (share.underWay === 0) this.#origins.delete(origin);
  }
}

async function turn({ waiting }: Share, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const called = (): void => {
      waiting.delete(called);
      signal.removeEventListener('abort', gone);
      resolve();
    };
    const gone = (): void => {
      waiting.delete(called);
      reject(signal.reason);
    };
    waiting.add(called);
    signal.addEventListener('abort', gone, { once: true });
  });
}
