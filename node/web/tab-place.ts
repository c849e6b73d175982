// The tab's place by a lock of the browser's own, which ends with the page that has it.
import type { TabPlace } from './model/tab.ts';

/** Milliseconds: a page that is just being left still has it for a moment. */
const PATIENCE = 500;
const NAME = 'canopy';

/** @param onLost another tab took the place: nothing of this page may touch keys or cache any more */
export function tabPlace(locks: LockManager, onLost: () => void): TabPlace {
  const hold = (options: LockOptions): Promise<boolean> =>
    new Promise((resolve, reject) => {
      let held = false;
      const keep = (): Promise<never> => {
        held = true;
        resolve(true);
        return new Promise(() => {});
      };
      locks.request(NAME, options, keep).catch((error: unknown) => {
        if (held) onLost();
        else if (error instanceof DOMException) resolve(false);
        else reject(error);
      });
    });
  return {
    enter: () => hold({ signal: AbortSignal.timeout(PATIENCE) }),
    take: async () => void (await hold({ steal: true })),
  };
}
