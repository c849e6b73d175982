// The pages without a mouse: every key that the help lists does what it says, and whatever opens over the pages holds the focus, closes
// on Esc and gives the focus back to what opened it.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { skipWithoutBrowser } from './chromium.ts';
import { FurnishedPage } from './furnished-page.ts';
import { LISTED_KEYS } from './listed-keys.ts';
import { MENUS, OPENINGS } from './openings.ts';
import { field, hasFocus } from './person-page.ts';
import { axeFindings } from './watched-page.ts';

const TOP = 'dialog[open], [popover]:popover-open';
/** Presses of Tab in one direction at most. */
const MOST_TABS = 8;
const INSIDE = `(() => {
  const box = [...document.querySelectorAll('dialog[open], :popover-open')].at(-1);
  const at = document.activeElement;
  if (box?.contains(at)) return 'inside';
  // past the last part of a modal dialog the browser's own controls have the focus
  return at === document.body && box?.matches(':modal') ? 'nowhere' : 'outside: ' + at.outerHTML.slice(0, 200);
})()`;

/** Tab goes round in what lies on top, forwards and backwards. */
async function holdsFocus({ page }: FurnishedPage): Promise<void> {
  assert.equal(await page.evaluate(INSIDE), 'inside', 'the focus goes in');
  const parts = await page.locator(TOP).last().locator('a, button, input, select, textarea').count();
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let presses = Math.min(parts, MOST_TABS) + 2; presses > 0; presses -= 1) {
      await page.keyboard.press(key);
      assert.match(await page.evaluate<string>(INSIDE), /^(inside|nowhere)$/, key);
    }
  }
}

describe('keys', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
  let place: FurnishedPage;

  before(async () => {
    place = await FurnishedPage.open();
  });

  // what failed may have left something open
  beforeEach(async () => {
    for (let left = 3; left > 0 && (await place.page.locator(TOP).count()) > 0; left -= 1) await place.press('Escape');
    await place.page.locator(TOP).waitFor({ state: 'detached' });
  });

  after(async () => {
    await place?.close();
  });

  test('the help lists the keys that are tried below, and no other', async () => {
    await place.link(place.demo.engineer.name).focus();
    await place.press('?');
    await place.dialog('Keys').waitFor();
    const lines = await place.page.locator('.keys-line').evaluateAll((all) =>
      all.map((line) => ({
        does: line.querySelector('dt')?.textContent,
        keys: [...line.querySelectorAll('kbd')].map(({ textContent }) => textContent),
      })),
    );
    await place.press('Escape');
    assert.deepEqual(
      lines,
      LISTED_KEYS.map(({ does, keys }) => ({ does, keys })),
    );
  });

  for (const { does, keys, check } of LISTED_KEYS) {
    test(`${keys.join(' ')}: ${does}`, async () => {
      await place.goTo(place.demo.engineer.name);
      await check(place);
    });
  }

  for (const { name, open, isSeenBefore } of OPENINGS) {
    test(`${name}: holds the focus, closes on Esc, gives the focus back`, async () => {
      const { page } = place;
      const opener = await open(place);
      await page.locator(TOP).last().waitFor();
      if (!isSeenBefore) assert.deepEqual(await axeFindings(page), []);
      await holdsFocus(place);
      const lying = await page.locator(TOP).count();
      await place.press('Escape');
      await hasFocus(opener);
      assert.equal(await page.locator(TOP).count(), lying - 1);
      if (lying > 1) await place.press('Escape');
    });
  }

  for (const { name, open } of MENUS) {
    test(`${name}: closes on Esc and on Tab, gives the focus back`, async () => {
      const { page } = place;
      const opener = await open(place);
      assert.deepEqual(await axeFindings(page), []);
      await place.press('Escape');
      await hasFocus(opener);
      await open(place);
      await place.press('Tab');
      await page.locator(TOP).waitFor({ state: 'detached' });
      await hasFocus(opener);
    });
  }

  test('a voice message is given up by Esc, and the focus is in the field', async () => {
    const { page } = place;
    await place.goTo(place.demo.engineer.name);
    await page.getByRole('button', { name: 'Record a voice message' }).press('Enter');
    await hasFocus(page.getByRole('button', { name: 'Finish recording' }));
    assert.deepEqual(await axeFindings(page), []);
    await place.press('Escape');
    await hasFocus(field(page));
  });

  test('no console error, no violation of the policy, no request to any other place', () => {
    assert.deepEqual(place.watched.complaints, []);
  });
});
