// Files between two people of two branches, each with a browser: several at once, over a cut and a reload; a film that is looked at
// without being fetched; what a sender could put in the way of a reader.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { encodePictures, makeFilm } from './film.ts';
import { beginWith, field, logIn, message } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const MIB = 1024 * 1024;
const SCRIPT = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>';
const SECONDS = 24;
const PICTURE = `(async () => {
  const canvas = new OffscreenCanvas(600, 400);
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#0b7a5c';
  pen.fillRect(0, 0, 600, 400);
  const blob = await canvas.convertToBlob();
  return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
})()`;

/** What part of the first file is at the server. */
const SENT = `document.querySelector('.tray progress').value`;
const SEEK = `(async () => {
  const video = document.querySelector('.viewer video');
  if (video.readyState < 1) await new Promise((resolve) => video.addEventListener('loadedmetadata', resolve));
  video.pause();
  const sought = new Promise((resolve) => video.addEventListener('seeked', resolve));
  video.currentTime = 20;
  await sought;
  return { at: video.currentTime, duration: video.duration, width: video.videoWidth };
})()`;

interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const folders: string[] = [];

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const tray = (page: Page): Locator => page.getByRole('list', { name: 'Files to send' });

/** As files of a disk, of any size. */
async function attach(page: Page, files: readonly Given[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-e2e-'));
  folders.push(folder);
  const paths = files.map(({ name }) => join(folder, name));
  await Promise.all(files.map(({ bytes }, at) => writeFile(paths[at] ?? '', bytes)));
  await page.locator('[data-attach]').setInputFiles(paths);
  await tray(page)
    .getByRole('listitem')
    .nth(files.length - 1)
    .waitFor();
}

async function saved(page: Page, name: string): Promise<{ bytes: Buffer; name: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: 30_000 }),
    page.getByRole('button', { name: `Save ${name}` }).click(),
  ]);
  return { bytes: readFileSync(await download.path()), name: download.suggestedFilename() };
}

/** Waits until the page says so; the page's policy lets nobody wait inside of it. */
async function comes(page: Page, question: string): Promise<void> {
  for (let left = 300; left > 0; left -= 1) {
    if (await page.evaluate<boolean>(question)) return;
    await page.waitForTimeout(100);
  }
  throw new Error(`it never came: ${question}`);
}

/** Bytes of files that the page asked its server for, by what the answers say. */
function countFetched(page: Page): { bytes: number } {
  const fetched = { bytes: 0 };
  page.on('response', (response) => {
    if (/\/api\/v1\/blobs\//.test(response.url())) fetched.bytes += Number(response.headers()['content-length'] ?? 0);
  });
  return fetched;
}

describe('files', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let clerk: WatchedPage;
  let engineer: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    clerk = await openWatched(browser, demo.clerk.url);
    engineer = await openWatched(browser, demo.engineer.url);
    await logIn(clerk.page, demo.clerk);
    await logIn(engineer.page, demo.engineer);
    await beginWith(clerk.page, demo.engineer.user);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  test('several go with one text, in their order, and come as they were', async () => {
    const picture = Buffer.from(await clerk.page.evaluate<string>(PICTURE), 'base64');
    const report = randomBytes(700_000);
    await attach(clerk.page, [
      { name: 'plan-3.png', bytes: picture },
      { name: 'report.pdf', bytes: report },
    ]);
    assert.deepEqual(await axeFindings(clerk.page), []);
    await field(clerk.page).fill('Both sheets');
    await clerk.page.keyboard.press('Enter');
    await tray(clerk.page).waitFor({ state: 'hidden', timeout: 30_000 });
    await engineer.page.getByRole('link', { name: demo.clerk.name }).click();
    await engineer.page.getByRole('button', { name: 'Save report.pdf' }).waitFor({ timeout: 30_000 });
    const rows = engineer.page.locator('article');
    assert.match((await rows.first().textContent()) ?? '', /Both sheets/);
    assert.equal(await rows.first().getByRole('button', { name: 'Show plan-3.png' }).count(), 1);
    assert.equal(hash((await saved(engineer.page, 'report.pdf')).bytes), hash(report));
  });

  test('a picture is looked at by keys, and the focus comes back', async () => {
    const { page } = engineer;
    const opener = page.getByRole('button', { name: 'Show plan-3.png' });
    await opener.click();
    const viewer = page.getByRole('dialog', { name: 'plan-3.png' });
    const image = viewer.getByRole('img', { name: 'plan-3.png' });
    await page.evaluate(`document.querySelector('.viewer img').decode()`);
    const before = (await image.boundingBox())?.width ?? 0;
    await page.keyboard.press('+');
    await comes(page, `document.querySelector('.viewer img').clientWidth > ${before}`);
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press('Escape');
    await viewer.waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(`document.activeElement.getAttribute('aria-label')`), 'Show plan-3.png');
  });

  test('an upload outlives a cut and a reload, and goes on where it was', async () => {
    const { page, context } = clerk;
    const large = randomBytes(14 * MIB);
    const posted: number[] = [];
    page.on('request', (request) => {
      if (/uploads\/[0-9a-f]+\?offset=/.test(request.url())) posted.push(request.postDataBuffer()?.length ?? 0);
    });
    await page.route(/uploads\/[0-9a-f]+\?offset=/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue().catch(() => undefined);
    });
    await attach(page, [{ name: 'drawings.zip', bytes: large }]);
    await field(page).fill('All of the drawings');
    await page.keyboard.press('Enter');
    await page.locator('[data-file="sending"]').waitFor();
    await comes(page, `${SENT} > 0.04`);
    await context.setOffline(true);
    await page.waitForTimeout(1_500);
    const before = await page.evaluate<number>(SENT);
    await context.setOffline(false);
    await comes(page, `${SENT} > ${before}`);
    await page.reload();
    await message(page, 'All of the drawings').waitFor({ timeout: 60_000 });
    await tray(page).waitFor({ state: 'hidden' });
    await page.unrouteAll({ behavior: 'wait' });
    const total = posted.reduce((sum, length) => sum + length, 0);
    assert.ok(total < 2 * large.length, `${total} bytes for ${large.length}`);
    await message(engineer.page, 'All of the drawings').waitFor({ timeout: 30_000 });
    assert.equal(hash((await saved(engineer.page, 'drawings.zip')).bytes), hash(large));
    // what the cut itself made the browser say
    const cut = clerk.complaints
      .splice(0)
      .filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text));
    assert.deepEqual(cut, []);
  });

  test('a film plays, and is sought in, without being fetched whole', async () => {
    const frames = await clerk.page.evaluate<string[]>(encodePictures(SECONDS));
    const film = makeFilm(
      frames.map((frame) => Buffer.from(frame, 'base64')),
      MIB,
    );
    await attach(clerk.page, [{ name: 'site.webm', bytes: film }]);
    await field(clerk.page).focus();
    await clerk.page.keyboard.press('Enter');
    const opener = engineer.page.getByRole('button', { name: 'Play site.webm' });
    await opener.waitFor({ timeout: 60_000 });
    assert.equal(await opener.locator('canvas').count(), 1, 'a film has a picture');
    const fetched = countFetched(engineer.page);
    await opener.click();
    await engineer.page.locator('.viewer video').waitFor();
    const at = await engineer.page.evaluate(SEEK);
    assert.deepEqual(at, { at: 20, duration: SECONDS, width: 320 });
    assert.ok(fetched.bytes > 0 && fetched.bytes < film.length / 2, `${fetched.bytes} of ${film.length}`);
    await engineer.page.keyboard.press('Escape');
  });

  test('script in a picture, in a name and under another type does nothing', async () => {
    const names = ['drawing.svg', '<img src=x onerror=alert(3)>.html', 'fake.png'];
    await attach(
      clerk.page,
      names.map((name) => ({ name, bytes: Buffer.from(SCRIPT) })),
    );
    await field(clerk.page).focus();
    await clerk.page.keyboard.press('Enter');
    const { page } = engineer;
    for (const name of ['drawing.svg', '_img src=x onerror=alert(3)_.html', 'fake.png']) {
      await page.getByRole('button', { name: `Save ${name}`, exact: true }).waitFor({ timeout: 30_000 });
    }
    const file = await saved(page, 'drawing.svg');
    assert.equal(file.name, 'drawing.svg');
    assert.equal(file.bytes.toString(), SCRIPT);
  });

  test('a voice message is recorded, looked over, sent and heard', async () => {
    const { page } = clerk;
    await page.getByRole('button', { name: 'Record a voice message' }).click();
    const bar = page.getByRole('group', { name: 'Recording' });
    await bar.getByText(/^0:0[1-9]$/).waitFor();
    await bar.getByRole('button', { name: 'Finish recording' }).click();
    await tray(page)
      .getByText(/^voice-.*webm$/)
      .waitFor();
    await field(page).focus();
    await page.keyboard.press('Enter');
    const sound = engineer.page.getByLabel(/^Play voice-/);
    await sound.waitFor({ timeout: 30_000 });
    const played = `(async () => {
      const sound = document.querySelector('audio');
      await sound.play();
      while (sound.currentTime < 0.3) await new Promise((resolve) => setTimeout(resolve, 20));
      sound.pause();
      return sound.currentTime;
    })()`;
    assert.ok((await engineer.page.evaluate<number>(played)) >= 0.3);
    await page.getByRole('button', { name: 'Record a voice message' }).click();
    await bar.waitFor();
    await page.keyboard.press('Escape');
    await bar.waitFor({ state: 'hidden' });
    assert.equal(await tray(page).count(), 0);
  });

  test('the details list pictures, files and links', async () => {
    const { page } = engineer;
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    const panel = page.getByRole('complementary', { name: 'Details' });
    await panel.getByRole('button', { name: 'Show plan-3.png' }).waitFor();
    await panel.getByRole('tab', { name: 'Files' }).click();
    await panel.getByText('report.pdf').waitFor();
    await panel.getByRole('tab', { name: 'Links' }).click();
    await panel.getByText('No links yet.').waitFor();
    assert.deepEqual(await axeFindings(page), []);
  });

  test('nothing was complained of, and nothing left the node', () => {
    assert.deepEqual(clerk.complaints, []);
    assert.deepEqual(engineer.complaints, []);
    assert.ok(clerk.requests.count > 20);
  });
});
