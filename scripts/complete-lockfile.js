// Completes package-lock.json with the optional packages of other platforms.
//
// A registry mirror may serve only the packages of the platform it serves; npm then writes a lockfile without the
// others, and npm 11's `npm ci` refuses that file ("Missing: @biomejs/cli-…"). Each missing entry needs only what npm
// looks at to decide that it does not belong on this machine: version, os, cpu, libc. These follow from its name.
// Run after every `npm install`; `npm run check` runs it with --check.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'aix', 'sunos', 'netbsd', 'openbsd'];
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

const path = new URL('../package-lock.json', import.meta.url);
const text = readFileSync(path, 'utf8');
const lock = JSON.parse(text);

for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!isLocked(parent, name)) lock.packages[`node_modules/${name}`] = stub(name, range, entry.dev);
  }
}

const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
const completed = `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`;
if (process.argv.includes('--check')) {
  if (completed !== text) {
    console.error('package-lock.json lacks entries of other platforms: run node scripts/complete-lockfile.js');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, completed);
}

/** True when `name` is found from `parent` the way Node looks a package up. */
function isLocked(parent, name) {
  for (let at = parent; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
    if (at === '' || !at.includes('/node_modules/')) return Boolean(lock.packages[`node_modules/${name}`]);
  }
}

function stub(name, range, dev) {
  if (!/^\d/.test(range)) throw new Error(`${name}@${range}: expected an exact version of a platform package`);
  const words = name.split(/[/-]/);
  const os = OS.find((word) => words.includes(word));
  const cpu = CPU.find((word) => words.includes(word));
  if (!os && !cpu) throw new Error(`${name}: neither an operating system nor a processor in its name`);
  return {
    version: range,
    ...(dev ? { dev: true } : {}),
    optional: true,
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(os ? { os: [os] } : {}),
    ...(words.includes('musl') || words.some((w) => w.startsWith('musl')) ? { libc: ['musl'] } : {}),
  };
}
