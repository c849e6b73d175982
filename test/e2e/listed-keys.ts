// The keys as the help names them, and what is to come of each in the conversation with the engineer.
import assert from 'node:assert/strict';
import { ALONE, type FurnishedPage, GROUP } from './furnished-page.ts';
import { field, hasFocus, message } from './person-page.ts';

export interface ListedKey {
  /** As the help has it. */
  readonly does: string;
  readonly keys: readonly string[];
  check(place: FurnishedPage): Promise<void>;
}

/** Looks at the large picture until it is as it shall be. */
async function isWide(place: FurnishedPage, key: string, is: (width: number) => boolean): Promise<void> {
  await place.press(key);
  for (let left = 100; left > 0; left -= 1) if (is(await widthOf(place))) return;
  assert.fail(`${key} does nothing`);
}

async function widthOf({ page }: FurnishedPage): Promise<number> {
  return (await page.locator('.viewer img').boundingBox())?.width ?? 0;
}

const EVERYWHERE: readonly ListedKey[] = [
  {
    does: 'Go to a conversation',
    keys: ['Ctrl K'],
    async check(place) {
      await place.press('Control+k');
      await hasFocus(place.dialog('Go to a conversation').getByRole('combobox'));
      await place.page.keyboard.type('drawing');
      await place.press('Enter');
      await place.heading(ALONE).waitFor();
    },
  },
  {
    does: 'Search in messages',
    keys: ['/'],
    async check(place) {
      const { page } = place;
      await page.keyboard.type('and/or?');
      assert.equal(await field(page).inputValue(), 'and/or?');
      await field(page).fill('');
      await place.link(ALONE).focus();
      await place.press('/');
      await page.getByRole('combobox').fill('sheet two');
      await page.getByRole('option').filter({ hasText: 'Sheet two' }).waitFor();
      await place.press('Enter');
      await hasFocus(message(page, 'Sheet two'));
    },
  },
  {
    does: 'Search in this conversation',
    keys: ['Ctrl F'],
    async check(place) {
      const { page } = place;
      await place.press('Control+f');
      await place.dialog('Search in this conversation').getByRole('combobox').fill('sheet');
      await page.getByRole('option').nth(2).waitFor();
      // the newest stands first
      await place.press('ArrowDown', 'ArrowDown', 'Enter');
      await hasFocus(message(page, 'Sheet one'));
    },
  },
  {
    does: 'Next or previous conversation',
    keys: ['Alt ↓', 'Alt ↑'],
    async check(place) {
      await place.press('Alt+ArrowDown');
      await place.heading(GROUP).waitFor();
      await place.press('Alt+ArrowUp');
      await place.heading(place.demo.engineer.name).waitFor();
    },
  },
];

const WRITING: readonly ListedKey[] = [
  {
    does: 'Send',
    keys: ['Enter'],
    async check(place) {
      await place.page.keyboard.type('Said by Enter');
      await place.press('Enter');
      await place.isStored('Said by Enter');
    },
  },
  {
    does: 'New line',
    keys: ['Shift Enter'],
    async check({ page }) {
      await page.keyboard.type('One');
      await page.keyboard.press('Shift+Enter');
      assert.equal(await field(page).inputValue(), 'One\n');
      await field(page).fill('');
    },
  },
  {
    does: 'Edit your last message, when nothing is typed',
    keys: ['↑'],
    async check(place) {
      const { page } = place;
      await place.press('ArrowUp');
      await page.getByText('Changing your message').waitFor();
      assert.equal(await field(page).inputValue(), 'Said by Enter');
      await place.press('Escape');
      assert.equal(await field(page).inputValue(), '');
    },
  },
];

const MESSAGES: readonly ListedKey[] = [
  {
    does: 'From message to message',
    keys: ['↑', '↓', 'Home', 'End'],
    async check(place) {
      const { page } = place;
      // past what messages have in them: pictures, links
      const log = page.getByRole('log');
      for (let left = 8; left > 0 && !(await log.evaluate((box) => box.matches(':focus'))); left -= 1)
        await place.press('Shift+Tab');
      await hasFocus(log);
      await place.press('ArrowUp');
      await hasFocus(page.locator('article').last());
      await place.press('Home');
      await hasFocus(message(page, 'Sheet one'));
      await place.press('ArrowDown');
      await hasFocus(message(page, 'Sheet two'));
      await place.press('ArrowUp');
      await hasFocus(message(page, 'Sheet one'));
      await place.press('End');
      await hasFocus(page.locator('article').last());
    },
  },
  {
    does: 'Menu of a message',
    keys: ['Enter'],
    async check(place) {
      const row = await place.toMessage('Sheet one');
      await place.press('Enter');
      await hasFocus(place.page.getByRole('menuitem', { name: 'Reply' }));
      await place.press('Escape');
      await hasFocus(row);
    },
  },
  {
    does: 'Answer a message',
    keys: ['R'],
    async check(place) {
      await place.toMessage('Sheet one');
      await place.press('r');
      await place.page.locator('.composer-above').getByText('Sheet one').waitFor();
      await hasFocus(field(place.page));
      await place.press('Escape');
      await place.page.locator('.composer-above').waitFor({ state: 'detached' });
    },
  },
  {
    does: 'Change a message of yours',
    keys: ['E'],
    async check(place) {
      await place.toMessage('Sheet two');
      await place.press('e');
      await hasFocus(field(place.page));
      assert.equal(await field(place.page).inputValue(), 'Sheet two');
      await place.press('Escape');
      await place.page.locator('.composer-above').waitFor({ state: 'detached' });
    },
  },
];

const LISTS: ListedKey = {
  does: 'Move in lists, menus and tabs',
  keys: ['↑', '↓', 'Home', 'End'],
  async check(place) {
    const { page } = place;
    const links = page.locator('.chat-link');
    await links.first().focus();
    await place.press('End');
    await hasFocus(links.nth(2));
    await place.press('ArrowUp');
    await hasFocus(links.nth(1));
    await place.press('ArrowDown', 'Home');
    await hasFocus(links.first());

    await place.toMessage('Sheet one');
    await place.press('Enter');
    const items = page.getByRole('menuitem');
    await hasFocus(items.first());
    await place.press('ArrowDown');
    await hasFocus(items.nth(1));
    await place.press('End');
    await hasFocus(items.last());
    await place.press('ArrowUp', 'Home');
    await hasFocus(items.first());
    await place.press('Escape');

    await page.getByRole('button', { name: 'Settings' }).press('Enter');
    const tabs = page.getByRole('tab');
    await tabs.first().focus();
    await place.press('ArrowDown');
    await hasFocus(page.getByRole('tab', { name: 'General', selected: true }));
    await place.press('End');
    await hasFocus(page.getByRole('tab', { name: 'Keyboard', selected: true }));
    await place.press('ArrowUp', 'Home');
    await hasFocus(page.getByRole('tab', { name: 'Profile', selected: true }));
    await place.press('Escape');
    await place.dialog('Settings').waitFor({ state: 'detached' });
  },
};

const PICTURES: readonly ListedKey[] = [
  {
    does: 'Next or previous picture',
    keys: ['←', '→'],
    async check(place) {
      await place.picture('north.png').press('Enter');
      await place.dialog('north.png').waitFor();
      await place.press('ArrowRight');
      await place.dialog('south.png').waitFor();
      await place.press('ArrowLeft');
      await place.dialog('north.png').waitFor();
      // the button goes at the last one, the keys stay
      await place.page.getByRole('button', { name: 'Next', exact: true }).press('Enter');
      await place.dialog('south.png').waitFor();
      await place.press('ArrowLeft');
      await place.dialog('north.png').waitFor();
      await place.press('Escape');
    },
  },
  {
    does: 'Picture nearer, farther, as it was',
    keys: ['+', '-', '0'],
    async check(place) {
      await place.picture('north.png').press('Enter');
      await place.dialog('north.png').waitFor();
      await place.page.evaluate(`document.querySelector('.viewer img').decode()`);
      const whole = await widthOf(place);
      await isWide(place, '+', (now) => now > whole);
      await isWide(place, '-', (now) => now === whole);
      await isWide(place, '+', (now) => now > whole);
      await isWide(place, '0', (now) => now === whole);
      await place.press('Escape');
      await hasFocus(place.picture('north.png'));
    },
  },
];

const AT_LAST: readonly ListedKey[] = [
  {
    does: 'Close, or back to the conversations',
    keys: ['Esc'],
    async check(place) {
      const { page, demo } = place;
      await page.getByRole('button', { name: 'Details', exact: true }).press('Enter');
      await place.details().waitFor();
      await field(page).focus();
      await place.press('Escape');
      await place.details().waitFor({ state: 'detached' });
      await hasFocus(field(page));
      await place.press('Escape');
      await place.heading(demo.engineer.name).waitFor({ state: 'detached' });
      await hasFocus(place.link(demo.engineer.name));
    },
  },
  {
    does: 'These keys',
    keys: ['?'],
    async check(place) {
      await place.link(ALONE).focus();
      await place.press('?');
      await place.dialog('Keys').waitFor();
      await place.press('Escape');
      await hasFocus(place.link(ALONE));
    },
  },
];

/** In the order of the help. */
export const LISTED_KEYS: readonly ListedKey[] = [
  ...EVERYWHERE,
  ...WRITING,
  ...MESSAGES,
  LISTS,
  ...PICTURES,
  ...AT_LAST,
];
