// The cryptography in Debian's Chromium, as clients run it: the modules of src/crypto, bundled as they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { isTrue, launchChromium, skipWithoutBrowser } from './chromium.ts';

/** A page on the own host may use WebCrypto; nothing listens there, the page is given by the test. */
const ORIGIN = 'http://localhost';
const LIMIT = { skip: skipWithoutBrowser(), timeout: 180_000 };

/** Text by the name of its file. */
async function bundle(): Promise<ReadonlyMap<string, string>> {
  const entry = fileURLToPath(import.meta.resolve('./crypto-suite.ts'));
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { lib: { entry, formats: ['es'], fileName: 'suite' }, write: false, minify: false, target: 'es2024' },
  });
  const [output] = Array.isArray(built) ? built : [built];
  assert.ok(output && 'output' in output);
  return new Map(output.output.flatMap((part) => (part.type === 'chunk' ? [[part.fileName, part.code]] : [])));
}

test('groups, sealed messages and sealing to a device hold in Chromium', LIMIT, async () => {
  const files = await bundle();
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const thrown: string[] = [];
    page.on('pageerror', (error) => thrown.push(String(error.stack)));
    await page.route('**/*', (route) => {
      const code = files.get(new URL(route.request().url()).pathname.slice(1));
      return code === undefined
        ? route.fulfill({ contentType: 'text/html', body: '<script type="module" src="/suite.js"></script>' })
        : route.fulfill({ contentType: 'text/javascript', body: code });
    });
    await page.goto(ORIGIN);
    await isTrue(page, 'globalThis.cryptoSuite !== undefined');
    const held = await page.evaluate('globalThis.cryptoSuite');
    assert.ok(Array.isArray(held));
    assert.equal(held.length, 6);
    assert.deepEqual(thrown, []);
  } finally {
    await browser.close();
  }
});
