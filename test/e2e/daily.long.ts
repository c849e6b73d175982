// A day's use: what comes while nobody looks, where a conversation opens, two tabs, a contact that is removed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { isTrue, launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { clickNotice, notices, turnAway, WRITE_DOWN } from './page-told.ts';
import { beginWith, field, inList, inRail, logIn, message, openDetails, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const HOME = 'kyiv.acme.ua';
/** Messages, more than a screen holds. */
const MANY = 30;
/** Milliseconds for what waits on a node that starts. */
const RETURN = 30_000;

const numbered = (what: string): string[] =>
  Array.from({ length: MANY }, (_, index) => `${what} ${String(index + 1).padStart(2, '0')}`);

/** Each once, and in this order. */
async function holds(page: Page, texts: readonly string[]): Promise<void> {
  await message(page, texts.at(-1) ?? '')
    .first()
    .waitFor({ timeout: RETURN });
  const shown = await page.locator('article .message-text').allTextContents();
  assert.deepEqual(
    shown.filter((text) => texts.includes(text)),
    texts,
  );
}

async function nothingOpen(page: Page): Promise<void> {
  await field(page).focus();
  await page.keyboard.press('Escape');
  await field(page).waitFor({ state: 'detached' });
}

describe('a day’s use', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let clerk: WatchedPage;
  let engineer: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    clerk = await openWatched(browser, demo.clerk.url, { permissions: ['notifications'] }, WRITE_DOWN);
    engineer = await openWatched(browser, demo.engineer.url);
    await Promise.all([logIn(clerk.page, demo.clerk), logIn(engineer.page, demo.engineer)]);
    await beginWith(clerk.page, demo.engineer.user);
    await say(clerk.page, 'The beginning');
    await inList(engineer.page, demo.clerk.name).click();
    await message(engineer.page, 'The beginning').waitFor();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('how many wait stands in the title, on the icon and in the list, and is gone when they are read', async () => {
    const { page } = clerk;
    await nothingOpen(page);
    assert.equal(await page.title(), 'Canopy');
    for (const text of ['First', 'Second']) await say(engineer.page, text);
    await inList(page, demo.engineer.name).getByText('2 unread messages').waitFor();
    await isTrue(page, `document.title === '(2) Canopy' && badges.at(-1) === 2`);
    await inList(page, demo.engineer.name).click();
    await holds(page, ['First', 'Second']);
    await isTrue(page, `document.title === 'Canopy' && badges.at(-1) === 0`);
    await page.getByText(/unread message/).waitFor({ state: 'detached' });
    await message(engineer.page, 'Second').getByRole('img', { name: 'Read' }).waitFor();
  });

  test('a conversation opens at the first that is unread, with the line there, and the rest below', async () => {
    const { page } = clerk;
    await nothingOpen(page);
    const texts = numbered('Unread');
    for (const text of texts) await say(engineer.page, text);
    await isTrue(page, `document.title === '(${MANY}) Canopy'`);
    await inList(page, demo.engineer.name).click();
    const line = page.locator('.new-line');
    await line.waitFor();
    const isSeen = async (text: string): Promise<boolean> => {
      if ((await message(page, text).count()) === 0) return false;
      const box = await message(page, text).boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= (page.viewportSize()?.height ?? 0);
    };
    assert.equal(await isSeen('Unread 01'), true);
    assert.equal(await isSeen(`Unread ${MANY}`), false);
    const [lineAt, firstAt] = await Promise.all([line.boundingBox(), message(page, 'Unread 01').boundingBox()]);
    const gap = (firstAt?.y ?? 0) - ((lineAt?.y ?? 0) + (lineAt?.height ?? 0));
    assert.ok(gap >= 0 && gap < 40, `the line stands ${gap} px above the first unread message`);
    // what is below the screen is not read yet
    await isTrue(page, `/^\\(\\d+\\) Canopy$/.test(document.title)`);
    await page.getByRole('button', { name: /^Jump to the latest/ }).click();
    await isTrue(page, `document.title === 'Canopy'`);
    assert.equal(await isSeen(`Unread ${MANY}`), true);
  });

  test('a notification comes while the page is not looked at, says nothing of the message, and a click opens it', async () => {
    const { page } = clerk;
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('tab', { name: 'General' }).click();
    await page.getByRole('switch', { name: 'Notifications on this computer' }).click();
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press('Escape');
    await nothingOpen(page);
    await say(engineer.page, 'While it is looked at');
    await inList(page, demo.engineer.name).getByText('1 unread message').waitFor();
    assert.deepEqual(await notices(page), []);
    for (const [index, how] of (['hidden', 'unfocused'] as const).entries()) {
      const comeBack = await turnAway(page, how);
      await say(engineer.page, `Secret ${how}`);
      await isTrue(page, `notices.length === ${index + 1}`);
      assert.deepEqual((await notices(page)).at(-1), { title: 'Canopy', body: 'New message' });
      await clickNotice(page);
      await message(page, `Secret ${how}`).waitFor();
      await comeBack();
      await nothingOpen(page);
    }
  });

  test('who writes and what is notified only to whom it shall; whoever turns notifications off gets none', async () => {
    const { page } = clerk;
    const choose = async (label: string): Promise<void> => {
      await page.getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('tab', { name: 'General' }).click();
      await page.getByRole('switch', { name: label }).click();
      await page.keyboard.press('Escape');
    };
    await choose('Show who writes and what');
    const before = (await notices(page)).length;
    let comeBack = await turnAway(page, 'hidden');
    await say(engineer.page, 'No secret');
    await isTrue(page, `notices.length === ${before + 1}`);
    assert.deepEqual((await notices(page)).at(-1), { title: demo.engineer.name, body: 'No secret' });
    await comeBack();
    await choose('Notifications on this computer');
    comeBack = await turnAway(page, 'hidden');
    await say(engineer.page, 'Not told');
    await inList(page, demo.engineer.name).getByText('Not told').waitFor();
    assert.equal((await notices(page)).length, before + 1);
    await comeBack();
    await inList(page, demo.engineer.name).click();
  });

  test('what waits when its tab is closed is sent by the other tab', async () => {
    const { page, context } = clerk;
    const comeBack = await demo.killNode(HOME);
    const second = await context.newPage();
    try {
      await say(page, 'Queued in the first tab');
      await page.locator('.strip').filter({ hasText: '1 message waits here' }).waitFor({ timeout: RETURN });
      await second.goto(page.url());
      await second.getByRole('button', { name: 'Use it here' }).click();
      await message(second, 'Queued in the first tab').waitFor();
      await page.close();
    } finally {
      comeBack();
    }
    await holds(engineer.page, ['Queued in the first tab']);
    await message(second, 'Queued in the first tab')
      .getByRole('img', { name: /Delivered|Read/ })
      .waitFor({ timeout: RETURN });
    await say(engineer.page, 'To the second tab');
    await message(second, 'To the second tab').waitFor();
    clerk = { ...clerk, page: second };
  });

  test('a contact that is removed goes with its history, is found and written to again, and can still write', async () => {
    const { page } = clerk;
    const remove = async (): Promise<void> => {
      const details = await openDetails(page);
      await details.getByRole('button', { name: 'Remove contact' }).click();
      const dialog = page.getByRole('dialog', { name: `Remove ${demo.engineer.name} from your list?` });
      assert.deepEqual(await axeFindings(page), []);
      await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
      await inList(page, demo.engineer.name).waitFor({ state: 'detached' });
    };
    const isEmpty = async (): Promise<void> => assert.equal(await page.locator('article').count(), 0);
    await remove();
    await isEmpty();
    await page.reload();
    await inRail(page).waitFor();
    await page.getByRole('button', { name: 'New conversation' }).first().waitFor();
    assert.equal(await inList(page, demo.engineer.name).count(), 0);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Name or words of a message' }).fill('Queued in the first tab');
    await page.getByText('No conversation matches.').waitFor();
    await page.keyboard.press('Escape');
    await message(engineer.page, 'Queued in the first tab').waitFor();

    await beginWith(page, demo.engineer.user);
    await isEmpty();
    await say(page, 'Here again');
    await holds(engineer.page, ['Queued in the first tab', 'Here again']);
    await remove();
    await say(engineer.page, 'Do you read me?');
    await inList(page, demo.engineer.name).click();
    await message(page, 'Do you read me?').waitFor();
    assert.equal(await page.locator('article').count(), 1);
  });

  test('no console error but that a server is away, no violation of the policy, no request to any other place', () => {
    const away = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;
    assert.deepEqual(
      [...clerk.complaints, ...engineer.complaints].filter((line) => !away.test(line)),
      [],
    );
    assert.ok(clerk.requests.count > 10 && engineer.requests.count > 10);
  });
});
