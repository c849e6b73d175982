// Which screens have their picture taken (screens.long.ts), and in which looks: the main ones in each, of the others one in each language.
import type { Page } from 'playwright-core';
import { ACCOUNTS, conversationOf, WORKS } from '../../node/web/dev/acted-people.ts';

export const LANGUAGES = ['en', 'uk', 'ru', 'zh'] as const;
const WIDTHS = [1280, 360] as const;
const SCHEMES = ['light', 'dark'] as const;

export interface Look {
  readonly locale: (typeof LANGUAGES)[number];
  readonly width: (typeof WIDTHS)[number];
  readonly colorScheme: (typeof SCHEMES)[number];
}

const EACH: readonly Look[] = LANGUAGES.flatMap((locale) =>
  SCHEMES.flatMap((colorScheme) => WIDTHS.map((width) => ({ locale, width, colorScheme }))),
);
/** Both colours, both widths, the longer words on the narrow screen. */
const ONCE: readonly Look[] = [
  { locale: 'en', width: 1280, colorScheme: 'light' },
  { locale: 'uk', width: 360, colorScheme: 'dark' },
  { locale: 'ru', width: 360, colorScheme: 'light' },
  { locale: 'zh', width: 1280, colorScheme: 'dark' },
];

/** What is beside these on a wide screen has its picture already. */
const NARROW: readonly Look[] = ONCE.filter(({ width }) => width === 360);

export interface Screen {
  readonly name: string;
  readonly scene: string;
  readonly looks: readonly Look[];
  /** What is done before the picture. */
  readonly reach: (page: Page) => Promise<void>;
}

export const SCREENS: readonly Screen[] = [
  { name: 'login', scene: 'login', looks: EACH, reach: (page) => page.locator('.entrance-form').waitFor() },
  {
    name: 'conversation',
    scene: 'chat',
    looks: EACH,
    reach: (page) => openChat(page),
  },
  {
    name: 'settings',
    scene: 'chat',
    looks: EACH,
    reach: async (page) => {
      await openSettings(page, 1);
      await page.locator('.settings-group').waitFor();
    },
  },
  {
    name: 'privacy',
    scene: 'chat',
    looks: ONCE,
    reach: async (page) => {
      await openSettings(page, 2);
      await page.locator('.row').nth(1).waitFor();
    },
  },
  {
    name: 'recovery-key',
    scene: 'chat',
    looks: ONCE,
    reach: async (page) => {
      await openSettings(page, 4);
      await page.locator('.settings-part > .button').first().click();
      await page.locator('.code-squares').waitFor();
    },
  },
  {
    name: 'details',
    scene: 'chat',
    looks: ONCE,
    reach: async (page) => {
      await openChat(page);
      await openDetails(page);
    },
  },
  {
    name: 'group-details',
    scene: 'chat',
    looks: ONCE,
    reach: async (page) => {
      await openChat(page, WORKS);
      await openDetails(page);
      await page.locator('.members .row').first().waitFor();
    },
  },
  {
    name: 'add',
    scene: 'chat',
    looks: ONCE,
    reach: async (page) => {
      await page.locator('.rail-foot .icon-button').first().click();
      await page.locator('dialog input').fill('newcomer');
      await page.locator('.preview-card').waitFor();
    },
  },
  {
    name: 'message-menu',
    scene: 'chat',
    looks: NARROW,
    reach: async (page) => {
      await openChat(page);
      await page
        .locator('article .bubble')
        .filter({ hasText: 'Please check' })
        .last()
        .click({ button: 'right', position: { x: 8, y: 8 } });
      await page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'long-message',
    scene: 'chat',
    looks: NARROW,
    reach: async (page) => {
      await openChat(page, conversationOf(ACCOUNTS));
      await page.locator('.message-whole').waitFor();
    },
  },
  {
    name: 'newer',
    scene: 'newer',
    looks: NARROW,
    reach: async (page) => {
      await openChat(page);
      await page.locator('.strip-quiet').waitFor();
    },
  },
  {
    name: 'unproven',
    scene: 'unproven-later',
    looks: NARROW,
    reach: async (page) => {
      await openChat(page);
      await page.locator('.strip .button').waitFor();
    },
  },
];

async function openChat(page: Page, id?: string): Promise<void> {
  const links = page.locator('.chat-link');
  await (id === undefined ? links.first() : page.locator(`.chat-link[href="#/chat/${id}"]`)).click();
  await page.locator('article').first().waitFor();
}

async function openDetails(page: Page): Promise<void> {
  await page.locator('.chat-head .icon-button').last().click();
  await page.locator('.details').waitFor();
}

async function openSettings(page: Page, tab: number): Promise<void> {
  await page.locator('.rail-foot .icon-button').last().click();
  await page.getByRole('tab').nth(tab).click();
}
