// How presence reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presenceText } from '../../../node/web/model/presence-text.ts';
import { wordsIn } from './catalogues.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 18, 12, 0); // 14:00 in Kyiv

function seen(ago: number, language: 'en' | 'uk' = 'en', now = NOW): string {
  const words = wordsIn(language, 'Europe/Kyiv');
  return presenceText(words, { state: 'offline', lastSeenAt: now - ago, typing: false }, now);
}

test('online and typing are said as such', () => {
  const words = wordsIn('en');
  assert.equal(presenceText(words, { state: 'online', typing: false }, NOW), 'online');
  assert.equal(presenceText(words, { state: 'online', typing: true }, NOW), 'typing…');
});

test('the last hour is told in minutes', () => {
  assert.equal(seen(20_000), 'was online 1 minute ago');
  assert.equal(seen(MINUTE), 'was online 1 minute ago');
  assert.equal(seen(59 * MINUTE), 'was online 59 minutes ago');
});

test('the same day is told in hours', () => {
  assert.equal(seen(HOUR), 'was online 1 hour ago');
  assert.equal(seen(5 * HOUR), 'was online 5 hours ago');
});

test('the day before is told with the time', () => {
  assert.equal(seen(20 * HOUR), 'was online yesterday at 18:00');
  assert.equal(seen(3 * HOUR, 'en', Date.UTC(2026, 10, 17, 23, 0)), 'was online yesterday at 22:00');
});

test('shortly after midnight it is still minutes', () => {
  assert.equal(seen(30 * MINUTE, 'en', Date.UTC(2026, 10, 17, 22, 10)), 'was online 30 minutes ago');
});

test('what is longer ago is told in days of the calendar', () => {
  assert.equal(seen(40 * HOUR), 'was online 2 days ago');
  assert.equal(seen(21 * 24 * HOUR), 'was online 21 days ago');
});

test('Ukrainian uses its plural forms', () => {
  assert.equal(seen(21 * MINUTE, 'uk'), 'у мережі 21 хвилину тому');
  assert.equal(seen(3 * HOUR, 'uk'), 'у мережі 3 години тому');
  assert.equal(seen(11 * 24 * HOUR, 'uk'), 'у мережі 11 днів тому');
  assert.equal(seen(20 * HOUR, 'uk'), 'у мережі вчора о 18:00');
});

test('a clock that is ahead makes no time to come', () => {
  assert.equal(seen(-5 * MINUTE), 'was online 1 minute ago');
});

test('nothing is said while nothing is known', () => {
  assert.equal(presenceText(wordsIn('en'), { state: 'unknown', typing: false }, NOW), '');
  assert.equal(presenceText(wordsIn('en'), { state: 'offline', typing: false }, NOW), 'offline');
});
