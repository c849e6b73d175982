// Somebody ends the own profile in the pages: what it takes, what is left in the browser, who can still log in, and what colleagues in
// the own branch and in another one see from then on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { isTrue, launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { openSettings } from './own-settings.ts';
import { beginWith, chooseOwnPassword, givePassword, inRail, logIn, message, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const HOME = 'kyiv.acme.ua';
const LOGIN = 'leaver';
const NAME = 'Leaver One';
const OWN = 'four words of my own';
/** Milliseconds for keys and conversations to come, on a busy machine. */
const ENTRANCE = 30_000;

async function askToDelete(page: Page): Promise<Locator> {
  await openSettings(page, 'Profile');
  await page.getByRole('button', { name: 'Delete profile' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete your profile for good?' });
  await dialog.waitFor();
  return dialog;
}

describe('a profile that is deleted', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let leaver: WatchedPage;
  let second: WatchedPage;
  let clerk: WatchedPage;
  let engineer: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    await demo.addUser(HOME, LOGIN, NAME, 'a first password');
    const address = `${demo.clerk.url}/?user=${LOGIN}`;
    leaver = await openWatched(browser, address);
    clerk = await openWatched(browser, demo.clerk.url);
    engineer = await openWatched(browser, demo.engineer.url);
    await givePassword(leaver.page, 'a first password');
    await chooseOwnPassword(leaver.page, OWN);
    await leaver.page.getByRole('button', { name: 'Later', exact: true }).click({ timeout: ENTRANCE });
    await Promise.all([logIn(clerk.page, demo.clerk), logIn(engineer.page, demo.engineer)]);
    for (const [{ page }, user] of [
      [clerk, demo.clerk],
      [engineer, demo.engineer],
    ] as const) {
      await beginWith(leaver.page, user.user);
      await say(leaver.page, `To ${user.name}`);
      await page.getByRole('link', { name: NAME }).click();
      await message(page, `To ${user.name}`).waitFor();
    }
    second = await openWatched(browser, address);
    await logIn(second.page, { password: OWN });
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('asks for the username, and does nothing before it is typed or when it is left', async () => {
    const { page } = leaver;
    const dialog = await askToDelete(page);
    const button = dialog.getByRole('button', { name: 'Delete profile' });
    assert.equal(await button.isDisabled(), true);
    await dialog.getByLabel('Type your username to confirm').fill('clerk');
    assert.equal(await button.isDisabled(), true);
    assert.deepEqual(await axeFindings(page), []);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await say(page, 'Still here');
    await message(engineer.page, 'Still here').waitFor();
  });

  test('is told so, and nothing of it is left in the browser', async () => {
    const { page } = leaver;
    const dialog = await askToDelete(page);
    await dialog.getByLabel('Type your username to confirm').fill(LOGIN);
    await dialog.getByRole('button', { name: 'Delete profile' }).click();
    await page.getByText('Your profile was deleted, and nothing of it is kept in this browser.').waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await isTrue(page, "!Object.keys(localStorage).some((key) => key.startsWith('canopy.client.'))");
    const databases = await page.evaluate<string>(
      'indexedDB.databases().then((all) => all.map(({ name }) => name).join())',
    );
    assert.doesNotMatch(databases, /canopy-cache/);
  });

  test('ends in every other browser, and opens nowhere any more', async () => {
    await second.page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    assert.equal(await inRail(second.page).count(), 0);
    for (const { page } of [second, leaver]) {
      await page.getByLabel('Username').fill(LOGIN);
      await givePassword(page, OWN);
      await page.getByRole('alert').filter({ hasText: 'The username or the password is wrong' }).waitFor();
    }
  });

  test('leaves colleagues what was written, and nobody finds it any more', async () => {
    for (const [{ page }, user] of [
      [clerk, demo.clerk],
      [engineer, demo.engineer],
    ] as const) {
      await page.reload();
      await message(page, `To ${user.name}`).waitFor();
      await page.getByRole('button', { name: 'New conversation' }).first().click();
      await page.getByLabel('Colleague’s username').fill(`${LOGIN}@${HOME}`);
      await page
        .getByRole('alert')
        .filter({ hasText: `Nobody is called ${LOGIN}@${HOME}` })
        .waitFor();
      await page.keyboard.press('Escape');
      await say(page, 'Are you there?');
      await message(page, 'Are you there?').getByRole('img', { name: 'Not sent' }).waitFor();
    }
  });

  test('no console error, no violation of the policy, no request to any other place', () => {
    // the library takes the device off, too, and the browser writes down by itself that nobody is there any more for whom
    const expected = /status of 401 .*\/api\/v1\/devices\/[0-9a-f-]+\/remove$/;
    const own = leaver.complaints.filter((complaint) => !expected.test(complaint));
    const complaints = [second, clerk, engineer].flatMap((watched) => watched.complaints);
    assert.deepEqual([...own, ...complaints], []);
    assert.ok(leaver.requests.count > 5);
  });
});
