// Two people in two branches, each with a browser, do what a first day asks of the web client.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { beginWith, chooseOwnPassword, field, givePassword, logIn, message, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const SCRIPT = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

function logInButton(page: Page): Locator {
  return page.getByRole('button', { name: 'Log in', exact: true });
}

async function mentions(locator: Locator, text: string | RegExp): Promise<void> {
  await locator.filter({ hasText: text }).first().waitFor();
}

describe('the first day', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let clerk: WatchedPage;
  let engineer: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    clerk = await openWatched(browser, demo.clerk.url);
    engineer = await openWatched(browser, demo.engineer.url);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('the login page has the username filled in and nothing for axe', async () => {
    assert.equal(await clerk.page.getByLabel('Username').inputValue(), demo.clerk.user);
    assert.deepEqual(await axeFindings(clerk.page), []);
  });

  test('a wrong password is told at the field', async () => {
    const stranger = await openWatched(browser, demo.clerk.url);
    await givePassword(stranger.page, 'not the password');
    await mentions(stranger.page.getByRole('alert'), 'The username or the password is wrong');
    await stranger.context.close();
  });

  test('both log in; the page stays alive while the password is checked', async () => {
    await givePassword(clerk.page, demo.clerk.password);
    await clerk.page.getByRole('button', { name: 'Checking password…' }).waitFor();
    await clerk.page.getByRole('heading', { name: 'Nobody here yet' }).waitFor();
    assert.deepEqual(await axeFindings(clerk.page), []);
    await logIn(engineer.page, demo.engineer);
  });

  test('the clerk finds the colleague of the other branch by username, with a preview', async () => {
    const { page } = clerk;
    await page.getByRole('button', { name: 'New conversation' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Colleague’s username').fill('nobody@lviv.acme.ua');
    await mentions(dialog.getByRole('alert'), 'Nobody is called nobody@lviv.acme.ua');
    await dialog.getByLabel('Colleague’s username').fill(demo.engineer.user);
    await mentions(dialog, demo.engineer.name);
    await mentions(dialog, 'Branch lviv.acme.ua');
    await mentions(dialog, /online/);
    assert.deepEqual(await axeFindings(page), []);
    await dialog.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('heading', { name: demo.engineer.name }).waitFor();
  });

  test('messages go both ways and are told as read', async () => {
    await say(clerk.page, 'Please check sheet 4.');
    await engineer.page.getByRole('link', { name: demo.clerk.name }).click();
    await message(engineer.page, 'Please check sheet 4.').waitFor();
    await engineer.page.bringToFront();
    await message(clerk.page, 'Please check sheet 4.').getByRole('img', { name: 'Read' }).waitFor();
    await say(engineer.page, 'On it.');
    await message(clerk.page, 'On it.').waitFor();
  });

  test('online and typing are seen in the other branch', async () => {
    await mentions(clerk.page.locator('.chat-head'), 'online');
    await field(engineer.page).pressSequentially('Half a sentence', { delay: 150 });
    await mentions(clerk.page.locator('.chat-head'), 'typing…');
  });

  test('nothing in the rail is wider than the rail', async () => {
    for (const { page } of [clerk, engineer]) {
      const overhang = await page.locator('.rail').evaluate((rail) => rail.scrollWidth - rail.clientWidth);
      assert.equal(overhang, 0);
    }
  });

  test('the path of a message names both nodes and both relays', async () => {
    const { page } = clerk;
    await message(page, 'Please check sheet 4.')
      .getByRole('button', { name: /Path of the message/ })
      .click();
    const path = page.getByRole('dialog', { name: 'Path of the message' });
    await path.getByText('node kyiv.acme.ua').waitFor();
    const hops = await path.locator('.route').getByRole('listitem').allTextContents();
    assert.deepEqual(hops.slice(1, -1), [
      'node kyiv.acme.ua',
      'relay kyiv.acme.ua',
      'relay lviv.acme.ua',
      'node lviv.acme.ua',
    ]);
    const told = await path.locator('.route-leg').getByRole('listitem').allTextContents();
    assert.deepEqual(
      told.slice(0, 3).map((text) => text.replace(/^\d\d:\d\d /, '')),
      ['stored at kyiv.acme.ua', 'arrived at lviv.acme.ua', 'on a device of the recipient'],
    );
    await page.keyboard.press('Escape');
    await path.waitFor({ state: 'hidden' });
  });

  test('after a reload the same conversation is there, with the draft', async () => {
    const { page } = engineer;
    // A draft is kept within a second.
    await page.waitForTimeout(1_000);
    await page.reload();
    await message(page, 'Please check sheet 4.').waitFor();
    await message(page, 'On it.').waitFor();
    await page.getByRole('heading', { name: demo.clerk.name }).waitFor();
    assert.equal(await field(page).inputValue(), 'Half a sentence');
    assert.equal(await page.locator('article').count(), 2);
  });

  test('script in a message is text', async () => {
    await say(clerk.page, SCRIPT);
    const shown = message(engineer.page, SCRIPT);
    await shown.waitFor();
    assert.equal(await shown.locator('.message-text').textContent(), SCRIPT);
    assert.equal(await engineer.page.locator('article img:not([role]), article script').count(), 0);
  });

  test('script in a name is text; a first password has to be changed', async () => {
    await demo.addUser('kyiv.acme.ua', 'script', SCRIPT, 'a first password');
    const third = await openWatched(browser, `${demo.clerk.url}/?user=script`);
    assert.equal(await third.page.getByLabel('Username').inputValue(), 'script');
    await givePassword(third.page, 'a first password');
    await third.page.getByRole('button', { name: 'Set password' }).waitFor();
    assert.deepEqual(await axeFindings(third.page), []);
    await chooseOwnPassword(third.page, 'four words of my own');
    await third.page.getByRole('button', { name: 'Later' }).click();
    await beginWith(third.page, 'clerk');
    await say(third.page, 'Who am I?');
    await clerk.page.getByRole('link', { name: /^<img/ }).click();
    await message(clerk.page, 'Who am I?').waitFor();
    assert.equal(await clerk.page.locator('.chat-who h1').textContent(), SCRIPT);
    assert.deepEqual(third.complaints, []);
    await third.context.close();
  });

  test('the keyboard goes everywhere, and dialogs give the focus back', async () => {
    const { page } = clerk;
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Name or words of a message' }).fill('engineer');
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: demo.engineer.name }).waitFor();
    await page.getByRole('button', { name: 'New conversation' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.locator(':focus').getAttribute('aria-label'), 'New conversation');
    await page.getByRole('link', { name: demo.engineer.name }).focus();
    await page.keyboard.press('ArrowUp');
    assert.match((await page.locator(':focus').textContent()) ?? '', /onerror/);
  });

  test('axe finds nothing in a conversation, in light and dark, wide and narrow', async () => {
    const { page } = clerk;
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        assert.deepEqual(await axeFindings(page), [], `${colorScheme} ${width}`);
        const excess = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        assert.ok(excess <= 0, `${excess} px too wide`);
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('whoever logs out is out', async () => {
    await clerk.page.getByRole('button', { name: 'Settings' }).click();
    await clerk.page.getByRole('button', { name: 'Log out' }).click();
    await clerk.page.getByRole('dialog', { name: 'Log out?' }).getByRole('button', { name: 'Log out' }).click();
    await logInButton(clerk.page).waitFor();
    await clerk.page.reload();
    await logInButton(clerk.page).waitFor();
  });

  test('no console error, no violation of the policy, no request to any other place', () => {
    assert.deepEqual([clerk.complaints, engineer.complaints], [[], []]);
    assert.ok(clerk.requests.count > 5);
  });
});
