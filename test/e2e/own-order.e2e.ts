// What a person sets in order for themselves, on two devices at once: pinned conversations, long messages, a group's picture, whom they
// hear nothing from.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { isTrue, launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { beginWith, hasFocus, inRail, logIn, message, openDetails, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const GROUP = 'North stair';
const LINES = 60;
/** Runs in the page: a picture that is larger than a group's may be, in base64. */
const PICTURE = `(async () => {
  const canvas = new OffscreenCanvas(900, 600);
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#b3261e';
  pen.fillRect(0, 0, 900, 600);
  const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
})()`;
/** Runs in the page: the colour in the middle of a group's picture. */
const COLOUR = `(() => {
  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  pen.drawImage(document.querySelector('.chat-link .avatar-group canvas'), 72, 72, 1, 1, 0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data];
})()`;

function names(page: Page): Promise<string[]> {
  return inRail(page).locator('.chat-name').allTextContents();
}

async function makeGroup(page: Page, name: string, member: string): Promise<void> {
  await page.getByRole('button', { name: 'New conversation' }).first().click();
  await page.getByRole('button', { name: 'New group', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'New group' });
  await dialog.getByLabel('Name of the group').fill(name);
  await dialog.getByLabel('Find people').fill(member);
  await dialog.locator('.choice-list button').filter({ hasText: member }).click();
  await dialog.getByRole('button', { name: 'Make the group' }).click();
  await page.locator('.chat-who h1').filter({ hasText: name }).waitFor();
}

describe('what a person sets in order', { skip: skipWithoutBrowser(), timeout: 180_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let desk: WatchedPage;
  let laptop: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    desk = await openWatched(browser, demo.clerk.url);
    const engineer = await openWatched(browser, demo.engineer.url);
    // who never logged in can't be written to
    await Promise.all([logIn(desk.page, demo.clerk), logIn(engineer.page, demo.engineer)]);
    await engineer.context.close();
    await makeGroup(desk.page, GROUP, demo.engineer.user);
    await say(desk.page, 'The stair is closed.');
    await beginWith(desk.page, demo.engineer.user);
    await say(desk.page, 'Sheet one');
    laptop = await openWatched(browser, demo.clerk.url);
    await logIn(laptop.page, demo.clerk);
    await inRail(laptop.page).getByRole('link').nth(1).waitFor();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('a pinned conversation stands above newer ones, on the other device and after a reload as well', async () => {
    const { page } = desk;
    assert.deepEqual(await names(page), [demo.engineer.name, GROUP]);
    await inRail(page).getByRole('link', { name: GROUP }).press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Pin to the top of the list' }).press('Enter');
    await inRail(page)
      .getByRole('link', { name: /pinned/ })
      .waitFor();
    assert.deepEqual(await names(page), [GROUP, demo.engineer.name]);
    assert.deepEqual(await axeFindings(page), []);
    await inRail(laptop.page)
      .getByRole('link', { name: /pinned/ })
      .waitFor();
    assert.deepEqual(await names(laptop.page), [GROUP, demo.engineer.name]);
    await page.reload();
    await inRail(page)
      .getByRole('link', { name: /pinned/ })
      .waitFor();
    assert.deepEqual(await names(page), [GROUP, demo.engineer.name]);
    await inRail(laptop.page).getByRole('link', { name: GROUP }).click();
    const details = await openDetails(laptop.page);
    await details.getByRole('button', { name: 'Unpin from the top' }).click();
    await inRail(page)
      .getByRole('link', { name: /pinned/ })
      .waitFor({ state: 'detached' });
    assert.deepEqual(await names(page), [demo.engineer.name, GROUP]);
  });

  test('of a very long message the beginning is shown, and all by the keyboard', async () => {
    const { page } = desk;
    await inRail(page).getByRole('link', { name: demo.engineer.name }).click();
    await say(page, Array.from({ length: LINES }, (_, index) => `item ${index + 1} of the list`).join('\n'));
    const row = message(page, 'item 1 of the list').last();
    const button = row.getByRole('button', { name: 'Show all' });
    await button.waitFor();
    assert.equal(await button.getAttribute('aria-expanded'), 'false');
    assert.equal(await row.getByText(`item ${LINES} of the list`).count(), 0);
    await row.focus();
    await page.keyboard.press('Tab');
    await hasFocus(button);
    await page.keyboard.press('Enter');
    const less = row.getByRole('button', { name: 'Show less' });
    await less.waitFor();
    assert.equal(await less.getAttribute('aria-expanded'), 'true');
    assert.equal(await row.getByText(`item ${LINES} of the list`).count(), 1);
    assert.deepEqual(await axeFindings(page), []);
    await less.press('Enter');
    await button.waitFor();
  });

  test('a group has the picture that is chosen for it, small and drawn anew, on the other device as well', async () => {
    const { page } = desk;
    await inRail(page).getByRole('link', { name: GROUP }).click();
    const details = await openDetails(page);
    const buffer = Buffer.from(await page.evaluate<string>(PICTURE), 'base64');
    const input = details.locator('input[type="file"]');
    await input.setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.getByText('That file can’t be read as a picture.').waitFor();
    await input.setInputFiles({ name: 'stair.png', mimeType: 'image/png', buffer });
    await page.getByText('You changed the group’s picture.').waitFor();
    for (const one of [page, laptop.page]) {
      await one.locator('.chat-link .avatar-group canvas').waitFor();
      await isTrue(one, `(${COLOUR})[3] === 255`);
      const [red = 0, green = 0] = await one.evaluate<number[]>(COLOUR);
      assert.ok(red > 150 && green < 80, `${red} ${green}`);
    }
    assert.deepEqual(await axeFindings(page), []);
    await details.getByRole('button', { name: 'Take the picture away' }).click();
    await laptop.page.locator('.chat-link .avatar-group canvas').waitFor({ state: 'detached' });
  });

  test('whoever is blocked stands in the settings and is let in again from there', async () => {
    const { page } = desk;
    await inRail(page).getByRole('link', { name: demo.engineer.name }).click();
    await (await openDetails(page)).getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText(`You have blocked ${demo.engineer.name}.`).waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('tab', { name: 'Privacy' }).click();
    assert.deepEqual(await axeFindings(page), []);
    await page.getByRole('button', { name: `Unblock ${demo.engineer.name}` }).press('Enter');
    await page.getByText('Nobody. You block somebody').waitFor();
    await hasFocus(page.getByRole('heading', { name: 'Blocked people' }));
  });

  test('nothing was said to the console, and nothing left the node', () => {
    for (const { complaints, requests } of [desk, laptop]) {
      assert.deepEqual(complaints, []);
      assert.ok(requests.count > 0);
    }
  });
});
