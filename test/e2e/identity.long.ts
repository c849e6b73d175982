// Somebody forgot the password, and an administrator gave another. The recovery key brings everything back, on a browser that never was
// in. Without it new keys begin, and a colleague is asked before anything is sent to them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { beginWith, chooseOwnPassword, field, givePassword, inRail, logIn, message, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const HOME = 'kyiv.acme.ua';
const LOGIN = 'fresh';
const NAME = 'Fresh One';
const OWN = 'four words of my own';
/** Milliseconds for keys and conversations to come, on a busy machine. */
const ENTRANCE = 30_000;

/** In place of a password that the administrator knows. */
async function replacePassword(page: Page, given: string, own: string): Promise<void> {
  await givePassword(page, given);
  await chooseOwnPassword(page, own);
}

async function readRecoveryKey(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Show recovery key' }).click();
  const groups = page.getByRole('list', { name: 'Your recovery key' }).getByRole('listitem');
  await groups.first().waitFor();
  const shown = await groups.allTextContents();
  await page.getByLabel('I have printed it or written it down').check();
  await page.getByRole('button', { name: 'Go on' }).click();
  return shown.join(' ');
}

function identityBanner(page: Page): Locator {
  return page.getByText(`The keys of ${NAME} have changed.`, { exact: false }).first();
}

function safetyNumber(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Safety number' }).getByRole('listitem');
}

describe('a forgotten password', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let engineer: WatchedPage;
  let fresh: WatchedPage;
  let recoveryKey: string;
  const complaints: string[][] = [];

  async function onNewDevice(): Promise<WatchedPage> {
    await fresh?.context.close();
    fresh = await openWatched(browser, `${demo.clerk.url}/?user=${LOGIN}`);
    complaints.push(fresh.complaints);
    return fresh;
  }

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    await demo.addUser(HOME, LOGIN, NAME, 'a first password');
    engineer = await openWatched(browser, demo.engineer.url);
    complaints.push(engineer.complaints);
    const { page } = await onNewDevice();
    await Promise.all([logIn(engineer.page, demo.engineer), replacePassword(page, 'a first password', OWN)]);
    recoveryKey = await readRecoveryKey(page);
    await beginWith(page, demo.engineer.user);
    await say(page, 'Before it was forgotten');
    await engineer.page.getByRole('link', { name: NAME }).click();
    await message(engineer.page, 'Before it was forgotten').waitFor();
    await say(engineer.page, 'I have read it');
    await message(page, 'I have read it').waitFor();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('ends what was open, and the one of the administrator is replaced at once', async () => {
    await demo.resetPassword(HOME, LOGIN, 'a second first password');
    await fresh.page.getByText('Your session has ended. Log in again.').waitFor();
    const { page } = await onNewDevice();
    await givePassword(page, OWN);
    await page.getByRole('alert').filter({ hasText: 'The username or the password is wrong' }).waitFor();
    await replacePassword(page, 'a second first password', `${OWN}, again`);
    await page.getByRole('heading', { name: 'Unlock your messages' }).waitFor({ timeout: ENTRANCE });
    assert.deepEqual(await axeFindings(page), []);
    assert.equal(await inRail(page).count(), 0);
  });

  test('a wrong recovery key opens nothing, and is told at its field', async () => {
    const { page } = fresh;
    await page.getByLabel('Recovery key').fill('ABCDE '.repeat(8));
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByRole('alert').filter({ hasText: 'That is not a recovery key.' }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
  });

  test('the recovery key brings back what was written, and colleagues are asked nothing', async () => {
    const { page } = fresh;
    await page.getByLabel('Recovery key').fill(recoveryKey.toLowerCase());
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByRole('link', { name: demo.engineer.name }).click({ timeout: ENTRANCE });
    await message(page, 'Before it was forgotten').waitFor();
    await message(page, 'I have read it').waitFor();
    await say(page, 'Here I am again');
    await message(engineer.page, 'Here I am again').waitFor();
    await say(engineer.page, 'Good');
    await message(page, 'Good').waitFor();
    assert.equal(await identityBanner(engineer.page).count(), 0);
  });

  test('without the key new ones begin, after a question that says what is lost', async () => {
    await demo.resetPassword(HOME, LOGIN, 'a third first password');
    await fresh.page.getByText('Your session has ended. Log in again.').waitFor();
    const { page } = await onNewDevice();
    await replacePassword(page, 'a third first password', `${OWN}, once more`);
    await page.getByRole('button', { name: 'I have no recovery key' }).click({ timeout: ENTRANCE });
    const question = page.getByRole('dialog', { name: 'Begin with new keys?' });
    await question.getByText('What was written before stays unreadable for you, for good.').waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await question.getByRole('button', { name: 'Begin with new keys' }).click();
    await page.getByRole('button', { name: 'Later', exact: true }).click({ timeout: ENTRANCE });
    await inRail(page).waitFor();
    assert.equal(await message(page, 'Before it was forgotten').count(), 0);
  });

  test('the colleague is told that the keys changed, and nothing is sent to them', async () => {
    const { page } = engineer;
    await beginWith(fresh.page, demo.engineer.user);
    await say(fresh.page, 'It is me, really');
    await message(fresh.page, 'It is me, really')
      .getByRole('img', { name: /Stored|Delivered|Read/ })
      .waitFor();
    await identityBanner(page).waitFor({ timeout: ENTRANCE });
    assert.deepEqual(await axeFindings(page), []);
    await say(page, 'A secret');
    await message(page, 'A secret')
      .getByRole('img', { name: /Waiting to be sent|Not sent/ })
      .waitFor();
    await page.reload();
    await identityBanner(page).waitFor();
    assert.equal(await message(fresh.page, 'A secret').count(), 0);
  });

  test('both compare the new number, the colleague accepts it, and messages go both ways', async () => {
    const { page } = engineer;
    await page.getByRole('button', { name: 'Compare first' }).click();
    await page.getByRole('heading', { name: 'The new number' }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await fresh.page.getByRole('button', { name: 'Details' }).click();
    await fresh.page.getByRole('button', { name: 'Show safety number' }).click();
    await safetyNumber(fresh.page).first().waitFor();
    const number = await safetyNumber(page).allTextContents();
    assert.equal(number.length, 12);
    assert.deepEqual(await safetyNumber(fresh.page).allTextContents(), number);
    await page.getByRole('button', { name: 'Accept the new keys' }).click();
    await page.getByRole('switch', { name: 'I have compared it' }).waitFor();
    await page.keyboard.press('Escape');
    await identityBanner(page).waitFor({ state: 'detached' });
    await message(page, 'It is me, really').waitFor();
    await fresh.page.keyboard.press('Escape');
    await say(page, 'Now I know');
    await message(fresh.page, 'Now I know').waitFor();
    await say(fresh.page, 'Thank you');
    await message(page, 'Thank you').waitFor();
    assert.equal(await field(page).inputValue(), '');
  });

  test('no console error, no violation of the policy, no request to any other place', () => {
    assert.equal(complaints.length, 4);
    // What a page asks while its session is being ended is refused, and Chromium writes that down.
    const unasked = complaints.flat().filter((line) => !line.includes('401 (Unauthorized)'));
    assert.deepEqual(unasked, []);
    assert.ok(engineer.requests.count > 5);
  });
});
