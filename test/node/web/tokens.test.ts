// Colours keep their contrast, 4.5 in light and dark and 7 where high contrast was asked for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const CSS = readFileSync(resolve(import.meta.dirname, '../../../node/web/style/tokens.css'), 'utf8');

interface Token {
  readonly light: string;
  readonly dark: string;
}

function tokensIn(css: string): Map<string, Token> {
  const found = css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g);
  return new Map([...found].map(([, name = '', light = '', dark = '']) => [name, { light, dark }]));
}

function blockOf(selector: string): string {
  const from = CSS.indexOf(selector);
  assert.notEqual(from, -1, selector);
  return CSS.slice(from, CSS.indexOf('}', from));
}

const NORMAL = tokensIn(blockOf(':root {'));
const CONTRAST = tokensIn(blockOf(":root[data-theme='contrast']"));
/** Of each set of colours: the least contrast (WCAG 2.2, 1.4.3 and 1.4.6). */
const SETS = [
  { name: 'normal', tokens: NORMAL, least: 4.5 },
  { name: 'high contrast', tokens: new Map([...NORMAL, ...CONTRAST]), least: 7 },
];

/** What stands on what. */
const PAIRS: readonly (readonly [string, readonly string[]])[] = [
  ['text', ['ground', 'raised', 'sunken', 'hover', 'own', 'other', 'accent-quiet']],
  ['text-quiet', ['ground', 'raised', 'sunken', 'hover', 'own', 'other', 'accent-quiet']],
  ['accent', ['ground', 'raised']],
  ['on-accent', ['accent', 'accent-strong']],
  ['good', ['ground', 'raised', 'accent-quiet', 'hover']],
  ['bad', ['ground', 'raised', 'own', 'hover', 'accent-quiet', 'bad-quiet']],
  ['warn', ['warn-quiet']],
  ['on-bad', ['bad', 'bad-strong']],
  ...Array.from({ length: 12 }, (_, n): [string, string[]] => [`person-${n}`, ['ground', 'on-person']]),
];

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

for (const { name, tokens, least } of SETS) {
  for (const theme of ['light', 'dark'] as const) {
    test(`${name}, ${theme}: every text can be read on what it stands on`, () => {
      const poor = PAIRS.flatMap(([text, grounds]) =>
        grounds.map((ground) => {
          const [above, below] = [tokens.get(text)?.[theme], tokens.get(ground)?.[theme]];
          assert.ok(above && below, `${text} on ${ground}`);
          return { pair: `${text} on ${ground}`, ratio: contrast(above, below) };
        }),
      ).filter(({ pair, ratio }) => ratio < (pair.startsWith('person') ? 4.5 : least));
      assert.deepEqual(poor, []);
    });
  }
}

test('high contrast is the same whether the person or the system asks for it', () => {
  assert.deepEqual(tokensIn(blockOf('@media (prefers-contrast: more)')), CONTRAST);
});
