// The pages of the LAN API name every route that a node serves there, and no other.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../../..');
const PAGES = ['docs/protocols/lan-api.md', 'docs/protocols/files.md'];
const SERVED = /\b(?:api|routes)\.(?<method>get|post)\(\s*'\/(?<path>[^']+)'/g;
/** The first cell of a table's row that begins with a request. */
const REQUESTS = /^\| (?<cell>`(?:GET|POST)[^|]*)\|/gm;
const CODE = /`(?<method>GET|POST|HEAD)? ?(?<path>[a-z][\w/:-]*)?[^`]*`/g;

test('every route of a node has its row, and every row its route', () => {
  const served = servedRoutes();
  assert.ok(served.length > 50, 'routes were found');
  assert.deepEqual(documentedRoutes(PAGES.map((page) => readFileSync(join(ROOT, page), 'utf8')).join('\n')), served);
});

test('rows are read as people read them', () => {
  const page = [
    '| `GET`, `HEAD blobs/:id` | ciphertext |',
    '| `GET users?address=` or `?prefix=` | `{users}` |',
    '| `POST devices/:id/name`, `devices/:id/remove` | `{name}` |',
    '| `POST uploads {size}` | `GET nothing` |',
  ];
  assert.deepEqual(documentedRoutes(page.join('\n')), [
    'GET blobs/:id',
    'GET users',
    'POST devices/:id/name',
    'POST devices/:id/remove',
    'POST uploads',
  ]);
});

function servedRoutes(): string[] {
  const sources = globSync('node/lan/**/*.ts', { cwd: ROOT }).map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const found = sources.flatMap((text) => [...text.matchAll(SERVED)]);
  return found.map(({ groups }) => `${groups?.['method']?.toUpperCase()} ${groups?.['path']}`).sort();
}

/** Whoever answers GET answers HEAD. A path without a method has that of the one before it. */
function documentedRoutes(text: string): string[] {
  const routes = [...text.matchAll(REQUESTS)].flatMap(({ groups }) => {
    let method = '';
    return [...(groups?.['cell'] ?? '').matchAll(CODE)].flatMap(({ groups: code }) => {
      const { method: own, path } = code ?? {};
      if (own !== undefined && own !== 'HEAD') method = own;
      return path === undefined ? [] : [`${method} ${path}`];
    });
  });
  return [...new Set(routes)].sort();
}
