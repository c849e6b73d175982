// The pages as something that is installed: what makes them so, how they change to another version, and what their policy refuses.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { isTrue, launchChromium, launchProfile, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { InstalledCopy } from './installed-copy.ts';
import { beginWith, field, logIn } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const HOME = 'kyiv.acme.ua';
/** Milliseconds for a node that starts, and a version that is fetched. */
const RETURN = 30_000;
/** A page asks for another version at most each five minutes; what the page takes for time goes on by `later`. */
const SCRIPT = `
  window.later = 0;
  const now = performance.now.bind(performance);
  performance.now = () => now() + later;
  window.workers = [];
  // none on the blank page before it
  navigator.serviceWorker?.ready.then((registration) => registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker.addEventListener('statechange', () => workers.push(worker.state));
  }));
`;
/** In milliseconds, for `later`. */
const SIX_MINUTES = 360_000;
/** Runs in the page: of each icon that the manifest names, what it says and what is there. */
const ICONS = `fetch('/manifest.webmanifest').then((answer) => answer.json()).then(({ icons }) =>
  Promise.all(icons.map(async ({ src, sizes, type }) => {
    const answer = await fetch(src);
    const blob = await answer.blob();
    const { width, height } = type === 'image/svg+xml' ? {} : await createImageBitmap(blob);
    return {
      says: [sizes, type],
      is: [width ? width + 'x' + height : 'any', answer.headers.get('content-type')],
      isOurs: new URL(answer.url).origin === location.origin,
    };
  })),
)`;

/** What becomes of text that a script of the page would run; tried by a timer, since what a test evaluates itself is let through. */
function tried(page: Page, script: string): Promise<string> {
  return page.evaluate(`new Promise((resolve) => setTimeout(() => {
    try { ${script}; resolve('ran'); } catch (error) { resolve(error.name); }
  }))`);
}

describe('pages that are installed', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let copy: InstalledCopy;
  let demo: Demonstration;
  let browser: Browser;
  let clerk: WatchedPage;

  before(async () => {
    [copy, browser] = await Promise.all([InstalledCopy.make(), launchChromium()]);
    demo = await Demonstration.start(copy.root);
    clerk = await openWatched(browser, demo.clerk.url, {}, SCRIPT);
    await Promise.all([logIn(clerk.page, demo.clerk), copy.buildNext()]);
    await beginWith(clerk.page, demo.engineer.user);
    await isTrue(clerk.page, 'navigator.serviceWorker.controller !== null');
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
    await copy?.remove();
  });

  /** The node of the page is started anew and reads its files; the page asks which they are. */
  async function restart({ page }: WatchedPage): Promise<void> {
    const comeBack = await demo.killNode(HOME);
    await page.locator('.strip').filter({ hasText: 'doesn’t answer' }).waitFor({ timeout: RETURN });
    await page.evaluate(`later += ${SIX_MINUTES}`);
    comeBack();
  }

  test('the manifest names icons that are there, of the sizes and types that it says', async () => {
    const { page } = clerk;
    const type = await page.evaluate(
      `fetch('/manifest.webmanifest').then(({ headers }) => headers.get('content-type'))`,
    );
    assert.equal(type, 'application/manifest+json');
    const icons = await page.evaluate<{ says: string[]; is: string[]; isOurs: boolean }[]>(ICONS);
    assert.deepEqual(
      icons.map(({ is }) => is),
      icons.map(({ says }) => says),
    );
    assert.ok(icons.length >= 3 && icons.every(({ isOurs }) => isOurs));
  });

  test('Chromium has nothing against installing them', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'canopy-profile-'));
    const profile = await launchProfile(folder);
    t.after(async () => {
      await profile.close();
      await rm(folder, { recursive: true, force: true });
    });
    const page = await profile.newPage();
    await page.goto(demo.clerk.url);
    await page.getByLabel('Password', { exact: true }).waitFor();
    const devtools = await profile.newCDPSession(page);
    const { errors, url } = await devtools.send('Page.getAppManifest');
    assert.equal(new URL(url).pathname, '/manifest.webmanifest');
    assert.deepEqual(errors, []);
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    assert.deepEqual(installabilityErrors, []);
  });

  test('text becomes neither markup nor code, and each try is told', async () => {
    const { page, context, complaints } = await openWatched(browser, demo.clerk.url);
    assert.equal(await tried(page, `document.body.innerHTML = '<b>text</b>'`), 'TypeError');
    assert.equal(await tried(page, `document.createElement('script').src = '/assets/none.js'`), 'TypeError');
    assert.equal(await tried(page, `new Worker('/assets/none.js')`), 'TypeError');
    assert.equal(await tried(page, `eval('1')`), 'EvalError');
    assert.equal(await tried(page, `new Function('1')`), 'EvalError');
    assert.equal(await tried(page, `trustedTypes.createPolicy('other', {})`), 'TypeError');
    assert.equal(await tried(page, `document.body.append('text')`), 'ran');
    const told = complaints.flatMap((line) => {
      const [, rule, what] = /^console: policy: (\S+) \S+ ([^|]*)/.exec(line) ?? [];
      // the browser writes a line of its own beside each
      return rule === undefined ? [] : [`${rule}: ${what?.trim()}`];
    });
    assert.deepEqual(told, [
      'require-trusted-types-for: Element innerHTML',
      'require-trusted-types-for: HTMLScriptElement src',
      'require-trusted-types-for: Worker constructor',
      'require-trusted-types-for: eval',
      'require-trusted-types-for: Function',
      'trusted-types: other',
    ]);
    await context.close();
  });

  test('a version of which one file is not what its hash says is refused whole, and the one before goes on', async () => {
    const { page } = clerk;
    const mend = await copy.spoil();
    try {
      await restart(clerk);
      await isTrue(page, `workers.at(-1) === 'redundant'`);
      await page.locator('.strip-none').waitFor({ state: 'attached', timeout: RETURN });
      await page.reload();
      await page.getByRole('button', { name: 'New conversation' }).first().waitFor();
      const caches = await page.evaluate<string[]>(`caches.keys()`);
      assert.equal(caches.filter((name) => name.startsWith('canopy-assets-')).length, 1);
    } finally {
      await mend();
    }
  });

  test('a page tells that a newer version is there, and takes it with what is typed', async () => {
    const { page } = clerk;
    await field(page).pressSequentially('Typed in the first version');
    await restart(clerk);
    const strip = page.locator('.strip').filter({ hasText: 'A newer version of Canopy is here.' });
    await strip.waitFor({ timeout: RETURN });
    assert.deepEqual(await axeFindings(page), []);
    assert.equal(await field(page).inputValue(), 'Typed in the first version');
    await page.getByRole('button', { name: 'New conversation' }).first().waitFor();
    await strip.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('button', { name: 'Begin anew' }).first().waitFor();
    assert.equal(await field(page).inputValue(), 'Typed in the first version');
    await page.locator('.strip-none').waitFor({ state: 'attached', timeout: RETURN });
  });

  test('no console error but of the node that was away and the file that was refused, no request to any other place', () => {
    const expected = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;
    const seen = clerk.complaints.filter((line) => !expected.test(line));
    assert.deepEqual(seen, []);
    assert.ok(clerk.requests.count > 10);
  });
});
