// The password of somebody who is at work: it is changed while another browser is in, and asked for after a while in which nobody was there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { closeSettings, openSettings } from './own-settings.ts';
import { beginWith, field, givePassword, hasFocus, inRail, logIn, message, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const NEXT = 'another four words entirely';
const SAID = 'Before the change';
const BEGUN = 'Begun and not sent';

async function fillPasswords(page: Page, present: string, next: string): Promise<void> {
  await page.getByLabel('Present password').fill(present);
  await page.getByLabel('New password').fill(next);
  await page.getByLabel('The same again').fill(next);
  await page.getByRole('button', { name: 'Change password' }).click();
}

async function opens(page: Page, name: string, text: string): Promise<void> {
  await page.getByRole('link', { name }).click();
  await message(page, text).waitFor();
}

/** The screen shows nothing but the login, and why. */
async function isLocked(page: Page): Promise<void> {
  await page.getByText('Locked because nobody was here for a while. Log in to go on where you were.').waitFor();
  assert.equal(await inRail(page).count(), 0);
  assert.doesNotMatch(await page.content(), new RegExp(`${SAID}|${BEGUN}`));
}

describe('a password', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let clerk: WatchedPage;
  let second: WatchedPage;
  let engineer: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    clerk = await openWatched(browser, demo.clerk.url);
    second = await openWatched(browser, demo.clerk.url);
    engineer = await openWatched(browser, demo.engineer.url);
    await logIn(clerk.page, demo.clerk);
    await Promise.all([logIn(second.page, demo.clerk), logIn(engineer.page, demo.engineer)]);
    await beginWith(clerk.page, demo.engineer.user);
    await say(clerk.page, SAID);
    await opens(second.page, demo.engineer.name, SAID);
    await opens(engineer.page, demo.clerk.name, SAID);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('is changed by nobody who does not know the present one', async () => {
    const { page } = clerk;
    await openSettings(page, 'Security');
    await fillPasswords(page, 'not the present one', NEXT);
    await page.getByRole('alert').filter({ hasText: 'That is not your present password' }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await field(second.page).waitFor();
  });

  test('is changed: this browser stays in, the other one is out and told so', async () => {
    const { page } = clerk;
    await fillPasswords(page, demo.clerk.password, NEXT);
    await page.getByText('The password is changed.').waitFor();
    assert.equal(await page.getByLabel('Present password').inputValue(), '');
    await closeSettings(page);
    await second.page.getByText('Your session has ended. Log in again.').waitFor();
    assert.equal(await inRail(second.page).count(), 0);
    await say(page, 'After the change');
    await message(engineer.page, 'After the change').waitFor();
  });

  test('that was replaced opens nothing, the new one opens all that was written', async () => {
    const { page } = second;
    await givePassword(page, demo.clerk.password);
    await page.getByRole('alert').filter({ hasText: 'The username or the password is wrong' }).waitFor();
    await hasFocus(page.getByLabel('Password', { exact: true }));
    await logIn(page, { password: NEXT });
    await opens(page, demo.engineer.name, SAID);
    await message(page, 'After the change').waitFor();
    await page.reload();
    await message(page, 'After the change').waitFor();
    await second.context.close();
  });

  test('opens a browser that never was in, with all that was written', async () => {
    const third = await openWatched(browser, demo.clerk.url);
    await logIn(third.page, { password: NEXT });
    await opens(third.page, demo.engineer.name, SAID);
    await message(third.page, 'After the change').waitFor();
    assert.deepEqual(third.complaints, []);
    await third.context.close();
  });

  test('is asked for when nobody was there: nothing is on the screen, and the draft of the last moment is kept', async () => {
    const { page } = clerk;
    await page.clock.install();
    await openSettings(page, 'General');
    await page.getByLabel('Lock when nobody is here').selectOption({ label: 'After 5 minutes' });
    await closeSettings(page);
    await page.clock.fastForward('04:00');
    await field(page).fill(BEGUN);
    await page.clock.fastForward('04:00');
    assert.equal(await field(page).inputValue(), BEGUN, 'a key counts as somebody who is there');
    await field(page).pressSequentially('!');
    await page.clock.fastForward('05:00');
    await isLocked(page);
    assert.deepEqual(await axeFindings(page), []);
    assert.equal(await page.getByLabel('Username').inputValue(), demo.clerk.user);
    await hasFocus(page.getByLabel('Password', { exact: true }));
    await page.reload();
    await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    assert.equal(await inRail(page).count(), 0);
  });

  test('unlocks to the same conversation, with the draft and with what came meanwhile', async () => {
    const { page } = clerk;
    await say(engineer.page, 'While it was locked');
    await message(engineer.page, 'While it was locked').getByRole('img', { name: 'Stored' }).waitFor();
    await logIn(page, { password: NEXT });
    await page.getByRole('heading', { name: demo.engineer.name }).waitFor();
    await message(page, 'While it was locked').waitFor();
    assert.equal(await field(page).inputValue(), `${BEGUN}!`);
    await field(page).focus();
    await page.keyboard.press('Enter');
    await message(engineer.page, `${BEGUN}!`).waitFor();
  });

  test('no console error, no violation of the policy, no request to any other place', () => {
    assert.deepEqual([clerk.complaints, second.complaints, engineer.complaints], [[], [], []]);
    assert.ok(clerk.requests.count > 5);
  });
});
