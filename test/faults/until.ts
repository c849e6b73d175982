// Waiting for what several programs do by and by. A question that cannot be asked yet is one that does not hold yet.
import { setTimeout as pause } from 'node:timers/promises';

const BETWEEN = 100;

/** @param patience milliseconds @throws Error with the last failure of the question as its cause */
export async function until(what: string, holds: () => Promise<boolean>, patience: number): Promise<void> {
  const end = Date.now() + patience;
  let last: unknown;
  while (!(await holds().catch((error: unknown) => void (last = error)))) {
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${what}`, { cause: last });
    await pause(BETWEEN);
  }
}
