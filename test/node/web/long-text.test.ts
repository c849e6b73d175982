// Which messages are shown by their beginning, and what that is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { beginningOf, isLong, linesOf, shownLines } from '../../../node/web/model/long-text.ts';
import { messageParts } from '../../../node/web/model/message-parts.ts';
import { ENGINEER } from './scripted-client.ts';

const shown = (text: string): string =>
  beginningOf(messageParts(text, [ENGINEER]))
    .map((part) => part.text)
    .join('');

test('what fits a screen is shown whole, what does not by its first lines', () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index + 1}`).join('\n');
  assert.equal(isLong(lines(26)), false);
  assert.equal(isLong(lines(27)), true);
  // the time stands behind the last line
  assert.equal(isLong('x'.repeat(80 * 26 - 8)), false);
  assert.equal(isLong('x'.repeat(80 * 26 - 7)), true);
  assert.equal(shownLines(lines(5)), 5);
  assert.equal(shownLines(lines(500)), 19);
  assert.equal(shown(lines(40)), `${lines(18)}…`);
});

test('the beginning ends with a word, and never within a letter', () => {
  const text = 'words of one paragraph '.repeat(200);
  assert.match(shown(text), /(words|of|one|paragraph)…$/);
  const faces = shown(`x${'😀'.repeat(2000)}`);
  assert.ok(faces.isWellFormed());
  assert.ok(faces.length > 1000);
});

test('a link and a name stay whole or are not shown', () => {
  const before = 'x\n'.repeat(17);
  const address = `https://example.org/${'a'.repeat(300)}`;
  const parts = beginningOf(messageParts(`${before}${address} and more\n${'y\n'.repeat(40)}`, []));
  assert.deepEqual(
    parts.filter(({ kind }) => kind === 'link'),
    [],
  );
  const named = beginningOf(messageParts(`@engineer\n${'y\n'.repeat(40)}`, [ENGINEER]));
  assert.equal(named[0]?.kind, 'mention');
});

test('of any long text the beginning is its beginning, and short enough', () => {
  const word = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 90 }), fc.constant('https://example.org/way '));
  const separator = fc.constantFrom('\n', ' ', '', '@engineer ');
  fc.assert(
    fc.property(fc.array(fc.tuple(word, separator), { minLength: 30, maxLength: 120 }), (pieces) => {
      const text = pieces.flat().join('');
      fc.pre(isLong(text));
      const begun = shown(text);
      assert.ok(begun.endsWith('…'));
      assert.ok(text.startsWith(begun.slice(0, -1)));
      assert.ok(linesOf(begun) <= 19);
    }),
    { numRuns: 100 },
  );
});
