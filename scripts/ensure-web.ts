// Builds the web client when its output is missing or older than a source. Quick when there is nothing to do, so that
// the demonstration and the tests call it each time.
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const WEB = join(ROOT, 'node/web');
const OUTPUT = join(WEB, 'dist');

/** What the bundle is made of: the client and what it imports of ours, and the lockfile for what is not ours. */
const SOURCES = ['node/web', 'src/client', 'src/crypto', 'src/realm', 'src/protocols/lan', 'package-lock.json'];

/** The folder that the node serves, built when needed. */
export async function ensureWebBuilt(): Promise<string> {
  if (builtAt() < newestSource()) {
    const { build } = await import('vite');
    await build({ root: WEB, configFile: join(WEB, 'vite.config.ts'), logLevel: 'error' });
  }
  return OUTPUT;
}

function builtAt(): number {
  return statSync(join(OUTPUT, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestSource(): number {
  return Math.max(...SOURCES.map((name) => newestIn(join(ROOT, name))));
}

/** A folder's own time counts as well: it changes when a file is removed. */
function newestIn(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  const inside = readdirSync(path)
    .filter((name) => name !== 'dist' && name !== 'dev')
    .map((name) => newestIn(join(path, name)));
  // node/web itself changes when vite makes dist
  return Math.max(path === WEB ? 0 : stat.mtimeMs, ...inside);
}

if (import.meta.main) console.log(await ensureWebBuilt());
