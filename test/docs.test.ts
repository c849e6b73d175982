// The documentation leads somewhere: every relative link of a page names a file that is there, every test that a page names exists,
// and no two decisions have one number.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '..');
const PAGES = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })].sort();
const LINK = /\]\((?<target>[^)\s]+)\)/g;
/** A path of a test or a folder of tests, as pages name them. */
const TEST = /`(?<path>test\/[\w./-]+)`/g;
const ELSEWHERE = /^[a-z]+:/;

interface Mention {
  readonly page: string;
  readonly what: string;
}

test('every relative link of a page leads to a file or folder that is there', () => {
  const links = mentions(LINK, 'target').filter(({ what }) => !ELSEWHERE.test(what));
  assert.ok(links.length > 100, 'links were found');
  const dead = links.filter(
    ({ page, what }) => !existsSync(join(ROOT, dirname(page), what.replace(/#.*$/, '') || basename(page))),
  );
  assert.deepEqual(dead, []);
});

test('every heading that a link names is in its page', () => {
  const dead = mentions(LINK, 'target').filter(({ page, what }) => {
    const [path = '', heading] = what.split('#');
    if (ELSEWHERE.test(what) || heading === undefined) return false;
    return !headingsOf(path === '' ? page : join(dirname(page), path)).includes(heading);
  });
  assert.deepEqual(dead, []);
});

test('every test that a page names exists', () => {
  const tests = mentions(TEST, 'path');
  assert.ok(tests.length > 50, 'tests were found');
  assert.deepEqual(
    tests.filter(({ what }) => !existsSync(join(ROOT, what))),
    [],
  );
});

test('a number is of one decision', () => {
  const numbers = globSync('docs/decisions/*.md', { cwd: ROOT }).map((path) => basename(path).slice(0, 4));
  assert.ok(numbers.length > 30, 'decisions were found');
  assert.deepEqual(
    numbers.filter((number, at) => numbers.indexOf(number) !== at),
    [],
  );
});

test('a link that leads nowhere would be found', () => {
  assert.deepEqual(
    [...'see [a](b.md), ![c](d.svg) and [e](f/g.md#h)'.matchAll(LINK)].map(({ groups }) => groups?.['target']),
    ['b.md', 'd.svg', 'f/g.md#h'],
  );
});

function mentions(pattern: RegExp, group: string): Mention[] {
  return PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(pattern)].map(({ groups }) => ({
      page,
      what: groups?.[group] ?? '',
    })),
  );
}

function headingsOf(page: string): string[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  return lines
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-'),
    );
}
