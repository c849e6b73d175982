// Colours keep a contrast of 4.5 in both themes (WCAG 2.2, 1.4.3).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const CSS = readFileSync(resolve(import.meta.dirname, '../../../node/web/style/tokens.css'), 'utf8');
const TOKENS = new Map(
  [...CSS.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name ?? '',
    { light: light ?? '', dark: dark ?? '' },
  ]),
);

/** What stands on what. */
const PAIRS: readonly (readonly [string, readonly string[]])[] = [
  ['text', ['ground', 'raised', 'sunken', 'hover', 'own', 'other', 'accent-quiet']],
  ['text-quiet', ['ground', 'raised', 'sunken', 'hover', 'own', 'other', 'accent-quiet']],
  ['accent', ['ground', 'raised']],
  ['on-accent', ['accent', 'accent-strong']],
  ['good', ['ground', 'raised', 'accent-quiet', 'hover']],
  ['bad', ['ground', 'raised', 'own', 'hover', 'accent-quiet']],
  ['warn', ['warn-quiet']],
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

for (const theme of ['light', 'dark'] as const) {
  test(`${theme}: every text can be read on what it stands on`, () => {
    const poor = PAIRS.flatMap(([text, grounds]) =>
      grounds.map((ground) => {
        const colours = [TOKENS.get(text)?.[theme], TOKENS.get(ground)?.[theme]];
        assert.ok(colours[0] && colours[1], `${text} on ${ground}`);
        return { pair: `${text} on ${ground}`, ratio: contrast(colours[0], colours[1]) };
      }),
    ).filter(({ ratio }) => ratio < 4.5);
    assert.deepEqual(poor, []);
  });
}
