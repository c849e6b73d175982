// What a person does on each page of the web client, whatever a test is about: logs in, begins a conversation, writes.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { DemoUser } from './demonstration.ts';

/** Milliseconds for keys and conversations to come, on a busy machine. */
const ENTRANCE = 30_000;
/** Milliseconds between two looks at the page, and how many there are. */
const LOOK = 20;
const LOOKS = 200;

/** The username is filled in already, as the demonstration does. */
export async function givePassword(page: Page, password: string): Promise<void> {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

/** Up to the conversations. */
export async function logIn(page: Page, { password }: Pick<DemoUser, 'password'>): Promise<void> {
  await givePassword(page, password);
  await inRail(page).waitFor({ timeout: ENTRANCE });
}

/** After the first password; what comes next is the recovery key. */
export async function chooseOwnPassword(page: Page, password: string): Promise<void> {
  await page.getByLabel('New password').fill(password);
  await page.getByLabel('The same again').fill(password);
  await page.getByRole('button', { name: 'Set password' }).click();
}

export function inRail(page: Page): Locator {
  return page.getByRole('navigation', { name: 'Conversations' });
}

/** By its name alone: the line below it may name others. */
export function inList(page: Page, name: string): Locator {
  return inRail(page)
    .getByRole('link')
    .filter({ has: page.locator('.chat-name').getByText(name, { exact: true }) });
}

export function field(page: Page): Locator {
  return page.getByRole('textbox', { name: /^Message / });
}

export function message(page: Page, text: string | RegExp): Locator {
  return page.locator('article').filter({ hasText: text });
}

export async function say(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await page.keyboard.press('Enter');
}

/** Finds a colleague by username and opens the conversation. */
export async function beginWith(page: Page, username: string): Promise<void> {
  await page.getByRole('button', { name: 'New conversation' }).first().click();
  await page.getByLabel('Colleague’s username').fill(username);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await field(page).waitFor();
}

export async function openDetails(page: Page): Promise<Locator> {
  const details = page.getByRole('complementary', { name: 'Details' });
  if (!(await details.isVisible())) await page.getByRole('button', { name: 'Details', exact: true }).click();
  await details.waitFor();
  return details;
}

/** Focus follows a little after. */
export async function hasFocus(locator: Locator): Promise<void> {
  for (let left = LOOKS; left > 0; left -= 1) {
    if (await locator.evaluate((element) => element.matches(':focus'))) return;
    await locator.page().waitForTimeout(LOOK);
  }
  const focused = await locator.page().evaluate('document.activeElement.outerHTML.slice(0, 200)');
  assert.fail(`the focus is at ${focused}, not at ${locator}`);
}
