// Pictures of the screens for docs/images, over the acted client of the developers' pages, at one fixed moment: of the main ones in light
// and dark, wide and narrow, in each language; of the others one in each language, so that each has both colours, both widths, and the
// longer words on the narrow screen. Each is looked at by this test for what a machine can see: nothing is wider than the screen, no
// label is cut, axe finds nothing.
import assert from 'node:assert/strict';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { LANGUAGES, type Look, SCREENS, type Screen } from './screens.ts';
import { axeFindings } from './watched-page.ts';
import { cutParts } from './whole-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'docs/images/screens');
const MOMENT = new Date('2026-11-18T14:10:00+02:00');
/** Bytes of one picture. */
const MAX_PICTURE = 60_000;
/** Bytes of all pictures together. */
const MAX_FOLDER = 1_500_000;
const QUALITY = 0.68;
/** A picture as WebP, which a browser can write. */
async function smallPicture(page: Page, png: Buffer): Promise<Buffer> {
  const base64 = await page.evaluate<string>(`(async () => {
    const bytes = Uint8Array.from(atob('${png.toString('base64')}'), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext('2d').drawImage(picture, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: ${QUALITY} });
    const read = new Uint8Array(await blob.arrayBuffer());
    return btoa(read.reduce((text, byte) => text + String.fromCharCode(byte), ''));
  })()`);
  return Buffer.from(base64, 'base64');
}

describe('the main screens', { skip: skipWithoutBrowser(), timeout: 15 * 60_000 }, () => {
  let server: ViteDevServer;
  let browser: Browser;
  let address: string;

  before(async () => {
    await mkdir(FOLDER, { recursive: true });
    server = await createServer({
      configFile: join(ROOT, 'node/web/vite.config.ts'),
      logLevel: 'error',
      server: { port: 0 },
    });
    await server.listen();
    address = server.resolvedUrls?.local[0] ?? '';
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  async function openScreen(context: BrowserContext, { scene, reach }: Screen): Promise<Page> {
    const page = await context.newPage();
    await page.clock.setFixedTime(MOMENT);
    await page.goto(`${address}dev/?scene=${scene}`);
    await reach(page);
    return page;
  }

  async function take(screen: Screen, { locale, width, colorScheme }: Look): Promise<void> {
    const what = `${screen.name}-${width}-${colorScheme}-${locale}`;
    const viewport = { width, height: width > 400 ? 740 : 680 };
    const context = await browser.newContext({ colorScheme, locale, viewport, timezoneId: 'Europe/Kyiv' });
    const page = await openScreen(context, screen);
    assert.deepEqual(await cutParts(page), [], what);
    assert.deepEqual(await axeFindings(page), [], what);
    const picture = await smallPicture(await context.newPage(), await page.screenshot());
    assert.ok(picture.length <= MAX_PICTURE, `${what}: ${picture.length} bytes`);
    await writeFile(join(FOLDER, `${what}.webp`), picture);
    await context.close();
  }

  for (const screen of SCREENS) {
    for (const locale of LANGUAGES) {
      test(`${screen.name} in ${locale} is whole`, async () => {
        for (const look of screen.looks.filter((one) => one.locale === locale)) await take(screen, look);
      });
    }
  }

  test('the pictures take little room', async () => {
    const names = await readdir(FOLDER);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(FOLDER, name))).size));
    const all = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(all <= MAX_FOLDER, `${all} bytes`);
  });
});
