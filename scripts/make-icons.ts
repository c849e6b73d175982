// Draws the icons of the installed web client from its mark, with Debian's Chromium:
//
//   node scripts/make-icons.ts
//
// The results lie in the tree (node/web/public/icons); run it when the mark changes.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const PUBLIC = resolve(import.meta.dirname, '../node/web/public');
const mark = readFileSync(resolve(PUBLIC, 'mark.svg'), 'utf8');

/** `room`: how much of the edge the mark fills; a maskable icon is cut to a circle of four fifths. */
const ICONS = [
  { name: 'canopy-192', size: 192, room: 0.7, radius: 0.22 },
  { name: 'canopy-512', size: 512, room: 0.7, radius: 0.22 },
  { name: 'canopy-maskable-512', size: 512, room: 0.54, radius: 0 },
];

const browser = await chromium.launch({
  executablePath: process.env['CANOPY_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  for (const { name, size, room, radius } of ICONS) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>
      body { margin: 0; background: transparent }
      div { display: grid; place-items: center; width: ${size}px; height: ${size}px; background: #0b7a5c; border-radius: ${size * radius}px }
      svg { width: ${size * room}px; color: #ffffff }
    </style><div>${mark.replace('color="#1c9b77"', '')}</div>`);
    await page.screenshot({ path: resolve(PUBLIC, `icons/${name}.png`), omitBackground: true });
    await page.close();
  }
} finally {
  await browser.close();
}
