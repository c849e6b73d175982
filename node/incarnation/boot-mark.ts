// Tells a plain restart from a restored copy without asking anybody. A file beside the database names itself: its own inode and time of
// birth, and a mark that is new at each start and in the database, too. Whatever brings back files (tar, rsync, cp, a backup program)
// makes a new inode; whatever brings back the database alone brings an old mark. A whole disk put back to an earlier state is the
// one case that only others can see: that is what witnesses are for.
//
//   file node/mark           {"mark": hex, "inode": text, "born": text or ""}
//   ('incarnation-mark')      the mark of this start and of the one before, separated by a blank
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../src/settings/private-file.ts';
import type { Database } from '../../src/store/database.ts';
import { key } from '../../src/store/keys.ts';

/** first: nothing was ever written here; same: a plain restart; restored: the files or the database are not the ones that ran last. */
export type MarkVerdict = 'first' | 'same' | 'restored';

interface Mark {
  readonly mark: string;
  readonly inode: string;
  /** Empty where the file system does not keep it. */
  readonly born: string;
}

const KEY = key('incarnation-mark');
const MODE = 0o600;

export async function readVerdict(path: string, database: Database): Promise<MarkVerdict> {
  const stored = await database.get(KEY);
  const known = stored ? new TextDecoder().decode(stored).split(' ') : [];
  const file = await readMark(path);
  if (known.length === 0 && !file) return 'first';
  if (!file || !known.includes(file.mark)) return 'restored';
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  const sameFile = file.inode === String(ino) && (file.born === '' || file.born === String(birthtimeNs));
  return sameFile ? 'same' : 'restored';
}

/** Leaves the mark of this start: first in the database, so that a crash between the two is no restored copy. */
export async function renewMark(path: string, database: Database): Promise<void> {
  const before = await readMark(path);
  const mark = randomBytes(16).toString('hex');
  const value = new TextEncoder().encode(before ? `${mark} ${before.mark}` : mark);
  await database.commit([{ type: 'put', key: KEY, value }]);
  const { ino, birthtimeNs } = await writeMark(path, mark, undefined);
  const after = await stat(path, { bigint: true });
  // Where the time of birth moves, it says nothing.
  if (after.ino !== ino || after.birthtimeNs !== birthtimeNs) await writeMark(path, mark, '');
}

async function writeMark(path: string, mark: string, born: string | undefined) {
  const file = await open(`${path}.new`, 'w', MODE);
  try {
    const found = await file.stat({ bigint: true });
    const content: Mark = { mark, inode: String(found.ino), born: born ?? String(found.birthtimeNs) };
    await file.writeFile(`${JSON.stringify(content)}\n`);
    await file.sync();
    await rename(`${path}.new`, path);
    await syncFolder(dirname(path));
    return found;
  } finally {
    await file.close();
  }
}

async function readMark(path: string): Promise<Mark | undefined> {
  try {
    const found: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isMark(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isMark(value: unknown): value is Mark {
  if (typeof value !== 'object' || value === null) return false;
  return ['mark', 'inode', 'born'].every((name) => name in value && typeof Reflect.get(value, name) === 'string');
}
