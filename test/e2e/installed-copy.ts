// A copy of the programs in a folder of its own, which a test brings up to date as an operator does: other files, and the node started anew.
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ensureWebBuilt } from '../../scripts/ensure-web.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PARTS = ['cli', 'node', 'relay', 'scripts', 'src', 'package.json', 'package-lock.json', 'tsconfig.json'];
/** Said by each page of the list of conversations, and by the next version otherwise. */
const TEXTS = 'node/web/text/en/people.ts';
const WORD = `'rail.add': 'New conversation'`;
const NEXT_WORD = `'rail.add': 'Begin anew'`;
const SPOILT = '\n// spoilt';

export class InstalledCopy {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<InstalledCopy> {
    await ensureWebBuilt();
    const root = await mkdtemp(join(tmpdir(), 'canopy-copy-'));
    await Promise.all(
      PARTS.map((part) => cp(join(ROOT, part), join(root, part), { recursive: true, preserveTimestamps: true })),
    );
    // folders are new; what is built stays newer than its sources
    const now = new Date();
    await utimes(join(root, 'node/web/dist/index.html'), now, now);
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    return new InstalledCopy(root);
  }

  /** Builds the pages with another word in them. */
  async buildNext(): Promise<void> {
    const path = join(this.root, TEXTS);
    const before = await readFile(path, 'utf8');
    if (!before.includes(WORD)) throw new Error(`${TEXTS} says ${WORD} no longer`);
    await writeFile(path, before.replace(WORD, NEXT_WORD));
    await promisify(execFile)(process.execPath, [join(this.root, 'scripts/ensure-web.ts')]);
  }

  /** One script of the pages gets other bytes than its hash says, until the call that is returned. */
  async spoil(): Promise<() => Promise<void>> {
    const folder = join(this.root, 'node/web/dist/assets');
    const name = (await readdir(folder)).find((one) => one.endsWith('.js'));
    if (name === undefined) throw new Error(`no script in ${folder}`);
    const path = join(folder, name);
    const { length } = await readFile(path);
    await appendFile(path, SPOILT);
    return () => truncate(path, length);
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
