// The pages as others see them, over the acted client of the developers' pages: at 200 %, on 320 px, in the system's own colours,
// without motion, on paper. And axe on what a running server shows seldom.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { ActedPages } from './acted-pages.ts';
import { skipWithoutBrowser } from './chromium.ts';
import { chooseOwnPassword, field, givePassword, hasFocus } from './person-page.ts';
import { axeFindings } from './watched-page.ts';
import { cutParts } from './whole-page.ts';

/** What a browser makes of a screen of 1280 by 800 at 200 %. */
const DOUBLED = { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 };
/** What it makes of one of 1280 by 1024 at 400 %: WCAG 1.4.10. */
const NARROWEST = { viewport: { width: 320, height: 256 } };
const SCENES = [
  'login',
  'locked',
  'older',
  'unproven',
  'elsewhere',
  'opening',
  'empty',
  'offline',
  'islands',
  'identity',
] as const;
/** What stands behind the password, by its heading. */
const BEHIND: Readonly<Record<string, string>> = {
  locked: 'Unlock your messages',
  older: 'Older keys on the server',
  unproven: 'Is this password your own?',
};
const GROUPS = 8;
/** Runs in the page: what stands on the paper. */
const ON_PAPER = `document.body.innerText === undefined ? [] : [...document.querySelectorAll('body *')]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .flatMap((element) => [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim() !== ''))
  .map((node) => node.data.trim())`;
/** Runs in the page: what moves, and for how long. */
const MOVES = `[...document.querySelectorAll('*')].flatMap((element) => {
  const { transitionDuration, animationName, animationDuration } = getComputedStyle(element);
  const lasts = (durations) => durations.split(', ').some((duration) => parseFloat(duration) > 0);
  return lasts(transitionDuration) || (animationName !== 'none' && lasts(animationDuration))
    ? [element.outerHTML.slice(0, 120)] : [];
})`;

async function openChat(page: Page): Promise<void> {
  await page
    .locator('.chat-link')
    .filter({ has: page.locator('.chat-name').getByText('Engineer One', { exact: true }) })
    .click();
  await page.locator('article').first().waitFor();
}

/** What lies over the pages, one after the other, each from the open conversation. */
const LOOKS: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'the conversation': async (page) => field(page).waitFor(),
  'the keys': async (page) => {
    await page.getByRole('log').focus();
    await page.keyboard.press('?');
  },
  'the switcher': async (page) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('sheet');
    await page.getByRole('option').nth(3).waitFor();
  },
  'the menu of a message': async (page) => {
    await page.locator('article').last().press('Enter');
    await page.getByRole('menu').waitFor();
  },
  'the path of a message': async (page) => {
    await page.locator('article').last().press('Enter');
    await page.getByRole('menuitem', { name: 'Path of the message' }).press('Enter');
    await page.locator('.route-step').first().waitFor();
  },
  'the report of a message': async (page) => {
    await page.locator('article').filter({ hasText: 'sheet 4 once more' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Report…' }).press('Enter');
    await page.getByRole('dialog', { name: 'Report this message' }).waitFor();
    assert.equal(await page.evaluate(`document.querySelector('dialog[open]').scrollTop`), 0, 'it begins at its top');
  },
  'the emoji': async (page) => {
    await page.getByRole('button', { name: 'Emoji', exact: true }).press('Enter');
    await page.locator('.emoji-grid button').first().waitFor();
  },
  'the details': async (page) => {
    await page.getByRole('button', { name: 'Details', exact: true }).press('Enter');
    await page.getByRole('complementary', { name: 'Details' }).waitFor();
  },
  'the safety number': async (page) => {
    await page.getByRole('button', { name: 'Show safety number' }).press('Enter');
    await page.locator('.safety-number').waitFor();
  },
};
const SETTINGS = ['Profile', 'General', 'Privacy', 'Devices', 'Security', 'Keyboard'];

describe('other ways to see', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let pages: ActedPages;

  before(async () => {
    pages = await ActedPages.start();
  });

  after(async () => {
    await pages?.stop();
  });

  test('axe finds nothing in what is seldom seen, and nothing of it is cut', async () => {
    const page = await pages.open('login', { colorScheme: 'dark' });
    for (const scene of SCENES) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await pages.show(page, scene);
      if (scene === 'identity') await openChat(page);
      const heading = BEHIND[scene];
      if (heading) {
        await givePassword(page, 'correct horse');
        await page.getByRole('heading', { name: heading }).waitFor();
      }
      assert.deepEqual(await axeFindings(page), [], scene);
      for (const { viewport } of [DOUBLED, NARROWEST]) {
        await page.setViewportSize(viewport);
        assert.deepEqual(await cutParts(page), [], `${scene}, ${viewport.width} px`);
      }
    }
    await page.context().close();
  });

  for (const [name, options] of Object.entries({ '200 %': DOUBLED, '320 px': NARROWEST })) {
    test(`${name}: nothing is cut, nothing stands beside the screen`, async () => {
      const page = await pages.open('chat', options);
      assert.deepEqual(await cutParts(page), [], 'the list');
      await openChat(page);
      const [box, screen] = [await field(page).boundingBox(), page.viewportSize()];
      assert.ok(box && screen && box.y + box.height <= screen.height, 'the field is on the screen');
      for (const [what, look] of Object.entries(LOOKS)) {
        await look(page);
        assert.deepEqual(await cutParts(page), [], what);
        if (options === NARROWEST) assert.deepEqual(await axeFindings(page), [], what);
        if (what !== 'the details') await page.keyboard.press('Escape');
        await page.locator('dialog[open], :popover-open').waitFor({ state: 'detached' });
        if (what === 'the conversation') await openChat(page);
      }
      await page.context().close();
    });

    test(`${name}: nothing of the settings is cut`, async () => {
      const page = await pages.open('chat', options);
      await page.getByRole('button', { name: 'Settings' }).press('Enter');
      for (const tab of SETTINGS) {
        await page.getByRole('tab', { name: tab }).click();
        assert.deepEqual(await cutParts(page), [], tab);
      }
      await page.context().close();
    });
  }

  test('the menu of a message opens again while the one before is closing still', async () => {
    const page = await pages.open('chat');
    await openChat(page);
    await page.locator('article').last().press('Enter');
    await page.getByRole('menu').waitFor();
    // in one go: what tells the page that the first one has closed comes only after it
    await page.evaluate(`document.querySelector('[role="menu"]').hidePopover();
      [...document.querySelectorAll('article')].at(-1).dispatchEvent(new KeyboardEvent('keydown', { code: 'Enter', bubbles: true }));`);
    await page.getByRole('menuitem', { name: 'Path of the message' }).press('Enter');
    await page.locator('.route-step').first().waitFor();
    await page.context().close();
  });

  test('320 px: the details take the place of the conversation, hold the focus and give it back', async () => {
    const page = await pages.open('chat', { viewport: { width: 320, height: 640 } });
    await openChat(page);
    const opener = page.getByRole('button', { name: 'Details', exact: true });
    await opener.press('Enter');
    const panel = page.getByRole('complementary', { name: 'Details' });
    await panel.waitFor();
    for (const key of ['Tab', 'Shift+Tab']) {
      for (let presses = 0; presses < 14; presses += 1) {
        const inside = await page.evaluate<boolean>(
          `document.activeElement === document.body || document.activeElement.closest('.details') !== null`,
        );
        assert.equal(inside, true, `${key}, ${presses}`);
        await page.keyboard.press(key);
      }
    }
    await panel.getByRole('button', { name: 'Close details' }).press('Enter');
    await panel.waitFor({ state: 'detached' });
    await hasFocus(opener);
    await page.context().close();
  });

  test('in the system’s own colours what is chosen and what has the focus has a line', async () => {
    const page = await pages.open('chat', { forcedColors: 'active' });
    await openChat(page);
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    assert.deepEqual(await axeFindings(page), []);
    const lineOf = (selector: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector('${selector}')).outlineStyle`);
    assert.equal(await lineOf('.chat-link[aria-current]'), 'solid');
    assert.equal(await lineOf('.chat-link:not([aria-current])'), 'none');
    assert.equal(await lineOf('.icon-button[aria-pressed=true]'), 'solid');
    assert.equal(await lineOf('.tab[aria-selected=true]'), 'solid');
    assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('.bubble')).borderTopStyle`), 'solid');
    await field(page).focus();
    assert.equal(await lineOf('.composer-box'), 'solid');
    await page.keyboard.press('Tab');
    assert.notEqual(await lineOf(':focus'), 'none');
    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
    assert.equal(await lineOf('.switch-option[aria-selected=true]'), 'solid');
    assert.equal(await lineOf('.field-box'), 'solid');
    assert.deepEqual(await axeFindings(page), []);
    await page.context().close();
  });

  test('nothing moves for who wants no motion', async () => {
    const page = await pages.open('chat', { reducedMotion: 'no-preference' });
    await openChat(page);
    await page.keyboard.press('Control+k');
    assert.notDeepEqual(await page.evaluate(MOVES), []);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    assert.deepEqual(await page.evaluate(MOVES), []);
    await page.context().close();
  });

  test('the printed sheet has the recovery key and nothing else, at the entrance and in the settings', async () => {
    const page = await pages.open('first-password', { colorScheme: 'dark' });
    await givePassword(page, 'correct horse');
    await chooseOwnPassword(page, 'four words of my own');
    await page.getByRole('button', { name: 'Show recovery key' }).click();
    await isPrinted(page);
    await pages.show(page, 'chat');
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('tab', { name: 'Security' }).click();
    await page.getByRole('button', { name: 'Make a new recovery key' }).click();
    await isPrinted(page);
    await page.context().close();
  });
});

async function isPrinted(page: Page): Promise<void> {
  const sheet = page.locator('.paper');
  await sheet.locator('.code-squares').waitFor();
  const [groups, title, hint] = await Promise.all(
    ['li', '.paper-title', '.paper-hint'].map((part) => sheet.locator(part).allTextContents()),
  );
  assert.equal(groups?.length, GROUPS);
  await page.emulateMedia({ media: 'print' });
  const printed = await page.evaluate<string[]>(ON_PAPER);
  assert.deepEqual(printed, [...(title ?? []), ...(groups ?? []), ...(hint ?? [])]);
  assert.equal(await sheet.locator('.code-squares').isVisible(), true);
  const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
  assert.equal(pdf.match(/\/Type\s*\/Page\b/g)?.length, 1, 'one sheet');
  await page.emulateMedia({ media: 'screen' });
}
