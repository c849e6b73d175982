// Two people of two branches talk: what is done to messages, groups and news, contacts. Each field that another person can fill carries
// script somewhere in here, and is shown as text.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { canopy } from '../cli/run-cli.ts';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import {
  beginWith,
  chooseOwnPassword,
  field,
  givePassword,
  inList,
  inRail,
  logIn,
  message,
  openDetails,
  say,
} from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const SCRIPT = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const NEWS = `Works news ${SCRIPT}`;
const PASSWORD = 'four words of my own';

/** By the keyboard: the menu of a message, and what is chosen in it. */
async function choose(page: Page, text: string | RegExp, item: string): Promise<void> {
  await message(page, text).last().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

describe('two people talk', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let clerk: WatchedPage;
  let engineer: WatchedPage;
  let third: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    await demo.addUser('lviv.acme.ua', 'script', SCRIPT, 'a first password');
    clerk = await openWatched(browser, demo.clerk.url);
    engineer = await openWatched(browser, demo.engineer.url);
    third = await openWatched(browser, `${demo.engineer.url}/?user=script`);
    await givePassword(third.page, 'a first password');
    await chooseOwnPassword(third.page, PASSWORD);
    await third.page.getByRole('button', { name: 'Later', exact: true }).click();
    await Promise.all([logIn(clerk.page, demo.clerk), logIn(engineer.page, demo.engineer)]);
    await inRail(third.page).waitFor();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('an answer, a reaction, a change and a deletion reach the other side', async () => {
    await beginWith(clerk.page, demo.engineer.user);
    await say(clerk.page, 'Please check sheet 4.');
    await inList(engineer.page, demo.clerk.name).click();
    await message(engineer.page, 'Please check sheet 4.').waitFor();
    await choose(engineer.page, 'Please check sheet 4.', 'Reply');
    await say(engineer.page, 'Which beam?');
    const answer = message(clerk.page, 'Which beam?');
    await answer.getByRole('button', { name: 'Go to the message that this answers' }).waitFor();

    await choose(engineer.page, /^(?!.*Which).*Please check sheet 4\./s, 'React');
    await engineer.page.getByRole('button', { name: 'thumbs up', exact: true }).first().click();
    await message(clerk.page, /^(?!.*Which).*sheet 4/s)
      .getByRole('button', { name: /^👍/ })
      .waitFor();

    await field(clerk.page).focus();
    await clerk.page.keyboard.press('ArrowUp');
    await clerk.page.getByText('Changing your message').waitFor();
    await field(clerk.page).fill('Please check sheet 5.');
    await clerk.page.keyboard.press('Enter');
    await message(engineer.page, 'Please check sheet 5.').first().getByText('edited').waitFor();

    await say(engineer.page, 'Said by mistake');
    await message(engineer.page, 'Said by mistake')
      .getByRole('img', { name: /Delivered|Read/ })
      .waitFor();
    await choose(engineer.page, 'Said by mistake', 'Delete');
    assert.deepEqual(await axeFindings(engineer.page), []);
    await engineer.page.getByRole('button', { name: 'Delete for everybody' }).click();
    await message(clerk.page, `${demo.engineer.name} deleted this message.`).waitFor();
    assert.equal(await message(clerk.page, 'Said by mistake').count(), 0);
  });

  test('an answer that is begun survives a reload with what it answers', async () => {
    const { page } = engineer;
    await choose(page, /^(?!.*Which).*sheet 5/s, 'Reply');
    await field(page).fill('Not yet done');
    await page.waitForTimeout(1200);
    await page.reload();
    await page.getByText(`Reply to ${demo.clerk.name}`).waitFor();
    assert.equal(await field(page).inputValue(), 'Not yet done');
    await field(page).focus();
    await page.keyboard.press('Escape');
    await page.getByText(`Reply to ${demo.clerk.name}`).waitFor({ state: 'detached' });
    await field(page).fill('');
  });

  test('script in a message, its change, its quotation and its link is text', async () => {
    await say(clerk.page, `${SCRIPT} javascript:alert(3) https://bank.example@evil.example/`);
    const shown = message(engineer.page, 'alert(2)').first();
    await shown.waitFor();
    assert.match(
      (await shown.locator('.message-text').textContent()) ?? '',
      /^<img src=x onerror="alert\(1\)"><script>/,
    );
    await shown.getByText('leads to evil.example').waitFor();
    assert.deepEqual(
      await shown.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('rel'))),
      ['noopener noreferrer'],
    );
    await choose(engineer.page, 'alert(2)', 'Reply');
    await say(engineer.page, 'Quoted');
    await message(clerk.page, 'Quoted').getByText(SCRIPT.slice(0, 20)).waitFor();
    for (const { page } of [clerk, engineer])
      assert.equal(await page.locator('article img, article script').count(), 0);
  });

  test('a group with script in its name and in a member’s name shows both as text', async () => {
    const { page } = clerk;
    await page.getByRole('button', { name: 'New conversation' }).first().click();
    await page.getByRole('button', { name: 'New group', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'New group' });
    await dialog.getByLabel('Name of the group').fill(SCRIPT);
    for (const login of ['engineer', 'script']) {
      await dialog.getByLabel('Find people').fill(`${login}@lviv.acme.ua`);
      await dialog
        .locator('.choice-list button')
        .filter({ hasText: `${login}@lviv.acme.ua` })
        .click();
    }
    assert.deepEqual(await axeFindings(page), []);
    await dialog.getByRole('button', { name: 'Make the group' }).click();
    await page.locator('.chat-who h1').filter({ hasText: SCRIPT }).waitFor();
    await say(page, 'Welcome, all of you.');
    for (const { page: other } of [engineer, third]) {
      await inRail(other)
        .getByRole('link', { name: /Welcome/ })
        .click();
      await message(other, 'Welcome, all of you.').waitFor();
      assert.equal(await other.locator('.chat-who h1').textContent(), SCRIPT);
      assert.equal(await other.locator('.chat img, .chat script, .rail img').count(), 0);
    }
  });

  test('whoever is named by @ sees it', async () => {
    const { page } = clerk;
    await field(page).pressSequentially('Look at this, @eng');
    await page.getByRole('listbox', { name: 'People to name' }).getByRole('option').waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press('Enter');
    await page.keyboard.type('please');
    await page.keyboard.press('Enter');
    const shown = message(engineer.page, 'Look at this');
    await shown.locator('.mention-me').getByText('@engineer').waitFor();
    await message(third.page, 'Look at this').locator('.mention').waitFor();
    assert.equal(await message(third.page, 'Look at this').locator('.mention-me').count(), 0);
  });

  test('a message is pinned for all and passed on with its author’s name', async () => {
    await choose(clerk.page, 'Welcome, all of you.', 'Pin');
    await engineer.page.locator('.pinned-bar').getByText('Welcome, all of you.').waitFor();
    await choose(engineer.page, 'Welcome, all of you.', 'Forward');
    const dialog = engineer.page.getByRole('dialog', { name: 'Forward to…' });
    assert.deepEqual(await axeFindings(engineer.page), []);
    await dialog.getByRole('button', { name: new RegExp(demo.clerk.name) }).click();
    await message(engineer.page, `Forwarded, written by ${demo.clerk.name}`).waitFor();
  });

  test('members, roles and who may change them', async () => {
    const details = await openDetails(clerk.page);
    const member = (address: string) => details.locator('.row').filter({ hasText: address });
    await member('engineer@lviv.acme.ua')
      .getByRole('button', { name: /^Actions for/ })
      .click();
    assert.deepEqual(await axeFindings(clerk.page), []);
    await clerk.page.getByRole('menuitem', { name: 'Make administrator' }).click();
    await member('engineer@lviv.acme.ua').getByText('administrator').waitFor();
    await member('script@lviv.acme.ua')
      .getByRole('button', { name: /^Actions for/ })
      .click();
    await clerk.page.getByRole('menuitem', { name: 'Remove from the group' }).click();
    await member('script@lviv.acme.ua').waitFor({ state: 'detached' });
    await third.page.getByText('You are no longer in this group.').waitFor();
    assert.deepEqual(await axeFindings(third.page), []);
    await details.getByRole('button', { name: 'Close details' }).click();
  });

  test('search finds what was said, by the keyboard alone, and leads there', async () => {
    const { page } = clerk;
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Name or words of a message' }).fill('which beam');
    await page.getByRole('option').filter({ hasText: 'Which beam?' }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press('Enter');
    await page.locator('.chat-who').getByRole('heading', { name: demo.engineer.name }).waitFor();
    await message(page, 'Which beam?').first().waitFor();
  });

  test('in a news group its administrators alone write', async () => {
    const { page } = clerk;
    await page.getByRole('button', { name: 'New conversation' }).first().click();
    await page.getByRole('button', { name: 'News group', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'News group' });
    await dialog.getByLabel('Name of the group').fill(NEWS);
    await dialog.getByRole('button', { name: demo.engineer.name }).click();
    await dialog.getByRole('button', { name: 'Make the group' }).click();
    await page.locator('.chat-who h1').getByText(NEWS, { exact: true }).waitFor();
    await say(page, 'The gate stays closed on Friday.');
    await inRail(engineer.page)
      .getByRole('link', { name: /Works news/ })
      .click();
    await message(engineer.page, 'The gate stays closed').waitFor();
    assert.equal(await engineer.page.locator('.chat-who h1').textContent(), NEWS);
    assert.equal(await engineer.page.locator('.chat img, .chat script, .rail img').count(), 0);
    await engineer.page.getByText('Only administrators write here.').waitFor();
    assert.equal(await field(engineer.page).count(), 0);
  });

  test('a timer is set and told to both; the report of a message is saved, and proves who wrote it', async () => {
    await inList(clerk.page, demo.engineer.name).click();
    const details = await openDetails(clerk.page);
    await details.getByRole('button', { name: 'Disappearing: off' }).click();
    const dialog = clerk.page.getByRole('dialog', { name: 'Disappearing messages' });
    await dialog.getByLabel('Messages disappear').selectOption('1 week after they are read');
    assert.deepEqual(await axeFindings(clerk.page), []);
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await details.getByRole('button', { name: 'Disappearing: 1 week' }).waitFor();
    await say(clerk.page, 'Not for the archive.');
    await inList(engineer.page, demo.clerk.name).click();
    await engineer.page.getByText('Messages disappear 7 days after they are read.').waitFor();
    await message(engineer.page, 'Not for the archive.').waitFor();
    await choose(engineer.page, 'Not for the archive.', 'Report…');
    assert.deepEqual(await axeFindings(engineer.page), []);
    const [saved] = await Promise.all([
      engineer.page.waitForEvent('download'),
      engineer.page.getByRole('button', { name: 'Save the report' }).click(),
    ]);
    assert.match(saved.suggestedFilename(), /^message-[0-9a-f]{8}\.canopy-evidence$/);
    const { code, stdout } = await canopy(['evidence', 'verify', await saved.path(), '--json']);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).text, 'Not for the archive.');
  });

  test('a blocked contact reaches nobody; earlier messages stay; the block can be taken back', async () => {
    const { page } = clerk;
    await inList(page, demo.engineer.name).click();
    const details = await openDetails(page);
    await details.getByRole('button', { name: 'Block', exact: true }).click();
    assert.deepEqual(await axeFindings(page), []);
    await page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText(`You have blocked ${demo.engineer.name}.`).waitFor();
    await message(page, 'Which beam?').first().waitFor();
    await inList(engineer.page, demo.clerk.name).click();
    await say(engineer.page, 'Said while I am blocked.');
    // by the same way, and sent later: when this is here, what was sent before has had its time
    await beginWith(third.page, demo.clerk.user);
    await say(third.page, 'From somebody else there.');
    await inList(page, SCRIPT).filter({ hasText: 'From somebody else there.' }).waitFor();
    assert.equal(await message(page, 'Said while I am blocked.').count(), 0);
    await page.getByRole('button', { name: 'Unblock', exact: true }).first().click();
    await field(page).waitFor();
    await say(engineer.page, 'Said after the block.');
    await message(page, 'Said after the block.').waitFor();
    assert.equal(await message(page, 'Said while I am blocked.').count(), 0);
  });

  test('a history that is deleted is gone here and stays there', async () => {
    const { page } = clerk;
    const details = await openDetails(page);
    await details.getByRole('button', { name: 'Delete history' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete history' }).click();
    await page.locator('article').first().waitFor({ state: 'detached' });
    await inList(engineer.page, demo.clerk.name).click();
    await message(engineer.page, 'Which beam?').first().waitFor();
  });

  test('no console error, no violation of the policy, no request to any other place, no script ran', () => {
    assert.deepEqual([clerk.complaints, engineer.complaints, third.complaints], [[], [], []]);
  });
});
