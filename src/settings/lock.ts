// One program of a kind in a data directory. The lock file names the process and when it began, so that a lock left by
// a crash, or a pid that the system gave to somebody else since, doesn't count.
import { readFileSync } from 'node:fs';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { ConflictError, LocalError, messageOf } from '../realm/errors.ts';
import { PRIVATE_FILE } from './private-file.ts';

export interface Lock {
  /** Idempotent. */
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly began: string;
}

/** Two programs that both find a stale lock may both move it aside; more rounds mean that something else is wrong. */
const MAX_TRIES = 5;
/** Field 22 of /proc/PID/stat, counted behind the name in brackets (proc(5)). */
const START_TIME_FIELD = 19;
const ZOMBIE = 'Z';

/** @throws ConflictError `dir-in-use` */
export async function acquireLock(path: string): Promise<Lock> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    if (await createLock(path)) return { release: () => removeLock(path) };
    const owner = await readOwner(path);
    if (owner && isAlive(owner)) throw inUse(path, owner);
    await removeStale(path);
  }
  throw new LocalError('cannot-lock', `${path} cannot be taken`, {
    hint: `Remove it when nothing runs there: rm ${path}`,
  });
}

/** Who holds the lock now; undefined when nobody alive does. */
export async function lockOwner(path: string): Promise<number | undefined> {
  const owner = await readOwner(path);
  return owner && isAlive(owner) ? owner.pid : undefined;
}

function inUse(path: string, owner: Owner): ConflictError {
  return new ConflictError('dir-in-use', `the directory is in use by process ${owner.pid} (${path})`, {
    hint: `Stop it first: kill ${owner.pid}; or give another --dir.`,
  });
}

/** The file appears with its content or not at all: a link of one that was written under a name of its own. */
async function createLock(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`;
  try {
    await writeFile(own, `${process.pid} ${beganAt(process.pid) ?? ''}\n`, { mode: PRIVATE_FILE });
    await link(own, path);
    return true;
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return false;
    throw new LocalError('cannot-lock', `${path} cannot be made: ${messageOf(cause)}`, {
      cause,
      hint: 'Check that the data directory is yours and that the disk has room.',
    });
  } finally {
    await removeLock(own);
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [pid, began = ''] = text.trim().split(' ');
  return pid && /^\d+$/.test(pid) ? { pid: Number(pid), began } : undefined;
}

function isAlive(owner: Owner): boolean {
  const began = beganAt(owner.pid);
  if (owner.began !== '') return owner.began === began;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (cause) {
    return hasCode(cause, 'EPERM');
  }
}

/** When a process began, in clock ticks since boot; undefined where there is no /proc, no such process, or only its remains. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === ZOMBIE ? undefined : fields[START_TIME_FIELD];
  } catch {
    return undefined;
  }
}

/** Moved aside first and looked at again: between two looks somebody else may have put a live lock in the stale one's place. */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return;
    throw cause;
  }
  const owner = await readOwner(aside);
  if (owner && isAlive(owner)) {
    await link(aside, path).catch((cause: unknown) => {
      if (!hasCode(cause, 'EEXIST')) throw cause;
    });
  }
  await removeLock(aside);
}

async function removeLock(path: string): Promise<void> {
  await unlink(path).catch((cause: unknown) => {
    if (!hasCode(cause, 'ENOENT')) throw cause;
  });
}

function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code;
}
