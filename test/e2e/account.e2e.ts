// The own account in a browser, from the first password to the last log out: recovery key, settings, devices, safety numbers, and a page
// that opens without its node.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { isTrue, launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { closeSettings, openSettings } from './own-settings.ts';
import { beginWith, chooseOwnPassword, givePassword, inRail, logIn, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const HOME = 'kyiv.acme.ua';
const OTHER = 'lviv.acme.ua';
const OWN = 'four words of my own';
/** Milliseconds for what waits on a node that starts. */
const RETURN = 30_000;
/** A PNG of one point. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function safetyNumber(page: Page, name: string): Promise<string[]> {
  await page.getByRole('link', { name }).first().click();
  await page.getByRole('button', { name: 'Details' }).click();
  await page.getByRole('button', { name: 'Show safety number' }).click();
  const number = page.getByRole('dialog', { name: 'Safety number' }).getByRole('listitem');
  await number.first().waitFor();
  return number.allTextContents();
}

/** Reloads the page and shows what is looked for, while nobody answers. */
async function opensAlone({ page }: WatchedPage, sought: Locator): Promise<void> {
  await page.reload();
  await sought.waitFor();
}

describe('an account of one’s own', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let fresh: WatchedPage;
  let engineer: WatchedPage;
  let second: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    await demo.addUser('kyiv.acme.ua', 'fresh', 'Fresh One', 'a first password');
    fresh = await openWatched(browser, `${demo.clerk.url}/?user=fresh`);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('after the first password the recovery key is shown once', async () => {
    const { page } = fresh;
    await givePassword(page, 'a first password');
    await chooseOwnPassword(page, OWN);
    assert.deepEqual(await axeFindings(page), []);
    await page.getByRole('button', { name: 'Show recovery key' }).click();
    const groups = page.getByRole('list', { name: 'Your recovery key' }).getByRole('listitem');
    await groups.first().waitFor();
    const shown = await groups.allTextContents();
    assert.equal(shown.length, 8);
    for (const group of shown) assert.match(group, /^[0-9A-HJKMNP-TV-Z]{5}$/);
    await page.getByRole('img', { name: /code for a camera/ }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    const goOn = page.getByRole('button', { name: 'Go on' });
    assert.equal(await goOn.isDisabled(), true);
    await page.getByLabel('I have printed it or written it down').check();
    await goOn.click();
    await inRail(page).waitFor();
    assert.equal((await page.content()).includes(shown[0] ?? ''), false);
  });

  test('axe finds nothing in any part of the settings, wide and narrow', async () => {
    const { page } = fresh;
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      for (const tab of ['Profile', 'General', 'Privacy', 'Devices', 'Security', 'Keyboard']) {
        await openSettings(page, tab);
        assert.deepEqual(await axeFindings(page), [], `${tab} ${width}`);
        const dialog = page.getByRole('dialog', { name: 'Settings' });
        const excess = await dialog.evaluate((element) => element.scrollWidth - element.clientWidth);
        assert.ok(excess <= 0, `${tab}: ${excess} px too wide at ${width}`);
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await closeSettings(page);
  });

  test('another name is seen in the rail and after a reload', async () => {
    const { page } = fresh;
    await openSettings(page, 'Profile');
    await page.getByLabel('Your name').fill('Fresh Two');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    await closeSettings(page);
    assert.match((await page.locator('.rail-me').textContent()) ?? '', /Fresh Two/);
    await page.reload();
    await page.locator('.rail-me').filter({ hasText: 'Fresh Two' }).waitFor();
  });

  test('a photo stands in place of the initials', async () => {
    const { page } = fresh;
    await openSettings(page, 'Profile');
    const input = page.locator('.settings-form input[type=file]');
    await input.setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: Buffer.from(DOT, 'base64') });
    const avatar = page.locator('.profile-head .avatar');
    await avatar.locator('canvas').waitFor();
    assert.deepEqual(
      await avatar.locator('canvas').boundingBox(),
      await avatar.boundingBox(),
      'as large as its avatar',
    );
    assert.deepEqual(await axeFindings(page), []);
    await page.getByRole('button', { name: 'Remove the photo' }).waitFor();
    await closeSettings(page);
  });

  test('language and theme hold at once and after a reload', async () => {
    const { page } = fresh;
    await openSettings(page, 'General');
    await page.getByLabel('Theme', { exact: true }).selectOption({ label: 'High contrast' });
    for (const [language, title] of [
      ['uk', 'Налаштування'],
      ['ru', 'Настройки'],
      ['zh', '设置'],
    ] as const) {
      await page.locator('select:has(option[lang])').selectOption(language);
      await page.getByRole('dialog', { name: title }).waitFor();
      assert.equal(await page.evaluate('document.documentElement.lang'), language);
    }
    assert.deepEqual(await axeFindings(page), []);
    await page.reload();
    await page.getByRole('button', { name: '设置' }).click();
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'contrast');
    await page.getByRole('tab', { name: '通用' }).click();
    await page.locator('select:has(option[lang])').selectOption('en');
    await page.getByLabel('Theme', { exact: true }).selectOption({ label: 'As the system' });
    await closeSettings(page);
  });

  test('what others learn is kept by the server', async () => {
    const { page } = fresh;
    await openSettings(page, 'Privacy');
    const receipts = page.getByRole('switch', { name: 'Tell others what I have read' });
    const saved = page.waitForResponse((answer) => answer.url().endsWith('/privacy') && answer.ok());
    await receipts.uncheck();
    await saved;
    await page.reload();
    await openSettings(page, 'Privacy');
    await receipts.waitFor();
    assert.equal(await receipts.isChecked(), false);
    assert.equal(await page.getByRole('switch', { name: 'Tell others when I am online' }).isChecked(), true);
    await receipts.check();
    await closeSettings(page);
  });

  test('? shows the keys', async () => {
    const { page } = fresh;
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await closeSettings(page);
  });

  test('both people see the same safety number, and who compared it is told so', async () => {
    const { page } = fresh;
    engineer = await openWatched(browser, demo.engineer.url);
    await logIn(engineer.page, demo.engineer);
    await beginWith(page, demo.engineer.user);
    await say(page, 'Shall we compare?');
    const link = engineer.page.getByRole('link', { name: 'Fresh Two' });
    await link.waitFor();
    // the photo has come to the other branch
    await link.locator('.avatar canvas').waitFor();
    const [mine, theirs] = [
      await safetyNumber(page, demo.engineer.name),
      await safetyNumber(engineer.page, 'Fresh Two'),
    ];
    assert.equal(mine.length, 12);
    assert.deepEqual(mine, theirs);
    assert.deepEqual(await axeFindings(page), []);
    await page.getByRole('switch', { name: 'I have compared it' }).check();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('Compared', { exact: true }).waitFor();
  });

  test('another device is listed, and signed out for good it erases itself', async () => {
    const { page } = fresh;
    second = await openWatched(browser, `${demo.clerk.url}/?user=fresh`);
    await logIn(second.page, { password: OWN });
    await openSettings(page, 'Devices');
    await page.getByText('This device').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page
      .getByRole('dialog', { name: /^Sign out/ })
      .getByRole('button', { name: 'Sign out' })
      .click();
    await second.page.getByText('This device was signed out, and what it held was erased.').waitFor();
    await closeSettings(page);
    await second.context.close();
  });

  test('the page opens without its node, with messages and the photos of people', async () => {
    const said = fresh.page.getByText('Shall we compare?').first();
    const photo = engineer.page.getByRole('link', { name: 'Fresh Two' }).locator('.avatar canvas');
    await Promise.all([fresh, engineer].map(({ page }) => isTrue(page, 'navigator.serviceWorker.controller !== null')));
    const returns = [await demo.killNode(HOME), await demo.killNode(OTHER)];
    try {
      await Promise.all([opensAlone(fresh, said), opensAlone(engineer, photo)]);
      await fresh.page.locator('.strip').filter({ hasText: 'server doesn’t answer' }).waitFor();
    } finally {
      for (const comeBack of returns) comeBack();
    }
    for (const { page } of [fresh, engineer])
      await page.locator('.strip-none').waitFor({ state: 'attached', timeout: RETURN });
  });

  test('whoever logs out leaves nothing behind', async () => {
    const { page } = fresh;
    await openSettings(page, 'Profile');
    await page.getByRole('button', { name: 'Log out' }).click();
    const dialog = page.getByRole('dialog', { name: 'Log out?' });
    await dialog.waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await dialog.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    await isTrue(page, "!Object.keys(localStorage).some((key) => key.startsWith('canopy.client.'))");
    const databases = await page.evaluate<string>(
      'indexedDB.databases().then((all) => all.map(({ name }) => name).join())',
    );
    assert.doesNotMatch(databases, /canopy-cache/);
  });

  test('no console error, no violation of the policy, no request to any other place', () => {
    // what a browser writes down by itself: that nobody answers
    const expected = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;
    const complaints = [fresh, engineer, second].flatMap((watched) => watched.complaints);
    assert.deepEqual(
      complaints.filter((complaint) => !expected.test(complaint)),
      [],
    );
  });
});
