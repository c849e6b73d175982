// What programs have cost the processor so far, by the kernel's count, and what they would have cost if nobody had asked them anything.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Of the kernel's clock: USER_HZ. */
const TICKS = 100;

function spentBy(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Seconds of the processor that these programs spent during the work. */
export async function costOf(pids: readonly number[], work: () => Promise<void>): Promise<number[]> {
  const before = pids.map(spentBy);
  await work();
  return pids.map((pid, at) => spentBy(pid) - (before[at] ?? 0));
}

/** Shares of one core that these programs take while nothing is asked of them. */
export async function idleShares(pids: readonly number[], seconds: number): Promise<number[]> {
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));
  return (await costOf(pids, pause)).map((cost) => cost / seconds);
}

/** Bytes that it has written so far, into sockets and files. A relay writes each byte that passes it once, whichever way. */
export function writtenBy(pid: number): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? Number.NaN);
}

/** Bytes of all files in a folder that others may be writing. */
export function sizeOf(folder: string): number {
  let size = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const found = entry.isFile() ? statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false }) : undefined;
    size += found?.size ?? 0;
  }
  return size;
}
