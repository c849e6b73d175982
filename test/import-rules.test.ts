// The arrows between folders point one way, as docs/architecture.md draws them, and no import runs in a circle.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '..');

/** What each folder may import besides itself. The longest matching prefix decides. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/realm': [],
  'src/pki': ['src/realm'],
  'src/crypto': ['src/realm'],
  'src/store': ['src/realm'],
  'src/overlay': ['src/realm', 'src/pki'],
  'src/settings': ['src/realm', 'src/pki', 'package.json'],
  'src/metrics': ['src/realm', 'src/settings'],
  'src/protocols/lan': ['src/realm', 'src/crypto'],
  'src/protocols': ['src/realm', 'src/pki', 'src/crypto', 'src/store', 'src/overlay/seam.ts', 'src/overlay/charter.ts'],
  'src/client': ['src/realm', 'src/crypto', 'src/protocols/lan', 'src/pki/p256.ts', 'src/pki/portable-path.ts'],
  relay: ['src/realm', 'src/pki', 'src/store', 'src/settings', 'src/metrics', 'src/overlay', 'src/protocols'],
  node: [
    'src/realm',
    'src/pki',
    'src/crypto',
    'src/store',
    'src/settings',
    'src/metrics',
    'src/overlay',
    'src/protocols',
  ],
  'node/web': ['src/realm', 'src/crypto', 'src/client'],
  cli: ['src', 'node/admin', 'relay/api.ts'],
};

/** Packages that run neither in a browser nor in a simulation stay out of these folders. */
const NO_BUILTINS = ['src/realm', 'src/crypto', 'src/protocols/lan', 'src/client', 'node/web'];

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules/') && !file.includes('/dist/') && !file.endsWith('vite.config.ts'));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
}

function folderOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((folder) => file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

const files = ['src', 'node', 'relay', 'cli'].flatMap(sources);
const graph = new Map(
  files.map((file) => [
    file,
    importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => relative(ROOT, resolve(ROOT, dirname(file), target))),
  ]),
);

test('each folder imports only what it may', () => {
  const broken: string[] = [];
  for (const [file, targets] of graph) {
    const folder = folderOf(file);
    if (!folder) continue;
    for (const target of targets) {
      const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
      const home = folderOf(target) ?? target;
      if (home !== folder && !allowed.some((name) => target === name || target.startsWith(`${name}/`))) {
        broken.push(`${file} -> ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

test('what also runs in a browser imports nothing of Node', () => {
  const broken = files.flatMap((file) =>
    NO_BUILTINS.some((folder) => file.startsWith(`${folder}/`))
      ? importsOf(file)
          .filter((target) => target.startsWith('node:'))
          .map((target) => `${file} -> ${target}`)
      : [],
  );
  assert.deepEqual(broken, []);
});

test('what a client loads imports nothing of Node, at any depth', () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const target of graph.get(file) ?? []) visit(target);
  };
  for (const file of files.filter((one) => one.startsWith('src/client/'))) visit(file);
  assert.ok(reached.has('src/pki/portable-path.ts'));
  const broken = [...reached].flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith('node:'))
      .map((target) => `${file} -> ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('no type of libp2p passes the seam', () => {
  const broken = files
    .filter((file) => /^(node|cli|src\/(protocols|client|store|crypto|realm))\//.test(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => /^(libp2p|@libp2p\/|@chainsafe\/libp2p|@multiformats\/)/.test(target))
        .map((target) => `${file} -> ${target}`),
    );
  assert.deepEqual(broken, []);
});

test('no import runs in a circle', () => {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) assert.fail([...trail.slice(trail.indexOf(file)), file].join(' -> '));
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});
