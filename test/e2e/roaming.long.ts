// Somebody of one branch sits down at another branch's computer: logs in with the full address, writes and reads as at home, logs out,
// and the browser there holds nothing of it afterwards. That the node there does not either: test/node/roaming/roaming.test.ts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { isTrue, launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { logOut } from './own-settings.ts';
import { beginWith, inRail, message, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const HOME = 'kyiv.acme.ua';
/** In her own branch, so that nothing of it has any reason to be in the other one. */
const COLLEAGUE = { login: 'colleague', name: 'Colleague Next Door', password: 'a first password' };
const SAID = 'Said as a guest';
const HEARD = 'Heard as a guest';
/** Milliseconds for keys and conversations to come, on a busy machine. */
const ENTRANCE = 30_000;

/** Everything that scripts of this origin can find in the browser, as text. */
const KEPT = `(async () => {
  const databases = (await indexedDB.databases()).map(({ name }) => name);
  const caches = [];
  for (const name of await globalThis.caches.keys())
    for (const { url } of await (await globalThis.caches.open(name)).keys()) caches.push(new URL(url).pathname);
  const files = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) files.push(name);
  return { local: { ...localStorage }, session: { ...sessionStorage }, databases, caches, files };
})()`;

/** Records of the database of devices' keys. */
const DEVICES = `(async () => {
  const opened = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const database = await opened(indexedDB.open('canopy-devices'));
  let count = 0;
  for (const name of database.objectStoreNames)
    count += await opened(database.transaction(name).objectStore(name).count());
  database.close();
  return count;
})()`;

interface Kept {
  readonly local: Readonly<Record<string, string>>;
  readonly session: Readonly<Record<string, string>>;
  readonly databases: readonly string[];
  readonly caches: readonly string[];
  readonly files: readonly string[];
}

async function logInAs(page: Page, address: string, password: string): Promise<void> {
  await page.getByLabel('Username').fill(address);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await inRail(page).waitFor({ timeout: ENTRANCE });
}

describe('a guest from another branch', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let guest: WatchedPage;
  let home: WatchedPage;
  let fresh: Kept;

  const keptIn = ({ page }: WatchedPage): Promise<Kept> => page.evaluate<Kept>(KEPT);

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    await demo.addUser(HOME, COLLEAGUE.login, COLLEAGUE.name, COLLEAGUE.password);
    home = await openWatched(browser, demo.clerk.url);
    guest = await openWatched(browser, demo.engineer.url);
    await guest.page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    fresh = await keptIn(guest);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('logs in by the full address, and is told of no other branch than the own one', async () => {
    const { page } = guest;
    await logInAs(page, demo.clerk.user, demo.clerk.password);
    await page.locator('.rail-me').filter({ hasText: demo.clerk.name }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
  });

  test('writes and reads as at home', async () => {
    const { page } = guest;
    await page.getByRole('button', { name: 'New conversation' }).first().waitFor();
    await home.page.getByLabel('Username').fill(COLLEAGUE.login);
    await home.page.getByLabel('Password', { exact: true }).fill(COLLEAGUE.password);
    await home.page.getByRole('button', { name: 'Log in', exact: true }).click();
    await home.page.getByLabel('New password').fill('four words of my own');
    await home.page.getByLabel('The same again').fill('four words of my own');
    await home.page.getByRole('button', { name: 'Set password' }).click();
    await home.page.getByRole('button', { name: 'Later', exact: true }).click({ timeout: ENTRANCE });
    await beginWith(page, `${COLLEAGUE.login}@${HOME}`);
    await say(page, SAID);
    await home.page.getByRole('link', { name: demo.clerk.name }).click();
    await message(home.page, SAID).waitFor();
    await say(home.page, HEARD);
    await message(page, HEARD).waitFor();
    await page.reload();
    await message(page, HEARD).waitFor({ timeout: ENTRANCE });
  });

  test('and leaves nothing in the browser', async () => {
    const { page } = guest;
    const during = JSON.stringify(await keptIn(guest));
    assert.match(during, /canopy-cache/, 'what is looked for was there');
    await logOut(page);
    const left = await keptIn(guest);
    assert.deepEqual(left.databases, [...fresh.databases, 'canopy-devices']);
    assert.equal(await page.evaluate<number>(DEVICES), 0, 'and that one is empty');
    assert.deepEqual(left.session, fresh.session);
    assert.deepEqual(left.files, fresh.files);
    assert.deepEqual(left.local, fresh.local);
    assert.deepEqual(await guest.context.cookies(), []);
    assert.ok(left.caches.every((path) => !path.startsWith('/api/')));
    await isTrue(page, "location.hash === ''");
    assert.doesNotMatch(await page.content(), new RegExp(demo.clerk.user));
  });

  test('no console error, no violation of the policy, no request to any other place', () => {
    assert.deepEqual([guest.complaints, home.complaints], [[], []]);
    assert.ok(guest.requests.count > 5);
  });
});
