// The day that a release carries as its earliest time is kept up by a script, not from memory.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { newestMeasured, objectionTo, withDay } from '../../scripts/release-date.ts';
import { BUILT } from '../../src/settings/built.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DAY = 24 * 60 * 60 * 1000;
const SLACK = 14 * DAY;

test('the day of the build is not behind what was measured in this tree, nor far ahead of it', () => {
  const measured = newestMeasured();
  assert.ok(measured > 0, 'docs/measured names days');
  assert.equal(objectionTo(BUILT, measured, SLACK), undefined, 'run: node scripts/release-date.ts');
});

test('no clock is held back by it: it is a whole day that has begun', () => {
  assert.equal(BUILT % DAY, 0);
  assert.ok(BUILT <= Date.now(), 'the clock of this host is before the day of the build');
});

test('a day before the newest result, or long after all of them, is refused', () => {
  const measured = Date.UTC(2026, 10, 22);
  assert.match(objectionTo(measured - DAY, measured) ?? '', /2026-11-21 is before 2026-11-22/);
  assert.equal(objectionTo(measured, measured), undefined);
  assert.match(objectionTo(measured - SLACK - DAY, measured, SLACK) ?? '', /before/);
  assert.match(objectionTo(Date.UTC(2100, 0, 1), measured) ?? '', /2100-01-01 is more than 400 days after/);
});

test('the script writes the day and nothing else', () => {
  const text = readFileSync(join(ROOT, 'src/settings/built.ts'), 'utf8');
  const other = withDay(text, Date.UTC(2031, 1, 3));
  assert.match(other, /BUILT = Date\.UTC\(2031, 1, 3\);/);
  assert.equal(withDay(other, BUILT), text);
  assert.throws(() => withDay('', BUILT));
});
