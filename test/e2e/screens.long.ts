// Pictures of the main screens for docs/images: light and dark, wide and narrow, in each language, over the acted client of the
// developers' pages, at one fixed moment. Each is looked at by this test for what a machine can see: nothing is wider than the
// screen, no label is cut, axe finds nothing.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { axeFindings } from './watched-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'docs/images/screens');
const MOMENT = new Date('2026-11-18T14:10:00+02:00');
/** Bytes of one picture. */
const MAX_PICTURE = 60_000;
const LANGUAGES = ['en', 'uk', 'ru', 'zh'] as const;
const WIDTHS = [1280, 360] as const;
const SCHEMES = ['light', 'dark'] as const;

interface Screen {
  readonly name: string;
  readonly scene: string;
  /** What is done before the picture. */
  readonly reach: (page: Page) => Promise<void>;
}

const SCREENS: readonly Screen[] = [
  { name: 'login', scene: 'login', reach: (page) => page.locator('.entrance-form').waitFor() },
  {
    name: 'conversation',
    scene: 'chat',
    reach: async (page) => {
      await page.locator('.chat-link').first().click();
      await page.locator('article').first().waitFor();
    },
  },
  {
    name: 'settings',
    scene: 'chat',
    reach: async (page) => {
      await page.locator('.rail-foot .icon-button').last().click();
      await page.getByRole('tab').nth(1).click();
      await page.locator('.settings-group').waitFor();
    },
  },
];

/** Labels whose text is wider than they are, and what is wider than the screen. */
const CUT = `[
  ...[...document.querySelectorAll('.button, .tab, label, .dialog-title, .banner-text, .note, h1, .presence')]
    .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1
      && getComputedStyle(element).textOverflow !== 'ellipsis' && getComputedStyle(element).display !== 'inline')
    .map((element) => 'cut: ' + element.textContent),
  ...(document.documentElement.scrollWidth > innerWidth ? ['the page is wider than the screen'] : []),
]`;

/** A picture as WebP, which a browser can write. */
async function smallPicture(page: Page, png: Buffer): Promise<Buffer> {
  const base64 = await page.evaluate<string>(`(async () => {
    const bytes = Uint8Array.from(atob('${png.toString('base64')}'), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext('2d').drawImage(picture, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.82 });
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
    await page.evaluate('Promise.allSettled(document.getAnimations().map((animation) => animation.finished))');
    return page;
  }

  for (const screen of SCREENS) {
    for (const locale of LANGUAGES) {
      test(`${screen.name} in ${locale} is whole in light and dark, wide and narrow`, async () => {
        for (const colorScheme of SCHEMES) {
          for (const width of WIDTHS) {
            const what = `${screen.name}-${width}-${colorScheme}-${locale}`;
            const viewport = { width, height: width > 400 ? 740 : 680 };
            const context = await browser.newContext({ colorScheme, locale, viewport, timezoneId: 'Europe/Kyiv' });
            const page = await openScreen(context, screen);
            assert.deepEqual(await page.evaluate(CUT), [], what);
            assert.deepEqual(await axeFindings(page), [], what);
            const blank = await context.newPage();
            const picture = await smallPicture(blank, await page.screenshot());
            assert.ok(picture.length <= MAX_PICTURE, `${what}: ${picture.length} bytes`);
            await writeFile(join(FOLDER, `${what}.webp`), picture);
            await context.close();
          }
        }
      });
    }
  }
});
