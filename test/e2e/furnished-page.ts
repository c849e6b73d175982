// A page of the demonstration with what can stand in one: a person of another branch with messages and pictures, a person who never
// answers, a group. And how a test works on it by keys alone.
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { beginWith, field, logIn, message, say } from './person-page.ts';
import { openWatched, type WatchedPage } from './watched-page.ts';

export const ALONE = 'Drawing Room';
export const GROUP = 'North stair';
/** Runs in the page: a picture of one colour, in base64. */
const PICTURE = `(async () => {
  const canvas = new OffscreenCanvas(600, 400);
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#0b7a5c';
  pen.fillRect(0, 0, 600, 400);
  const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
})()`;
export class FurnishedPage {
  readonly demo: Demonstration;
  readonly watched: WatchedPage;
  readonly page: Page;
  readonly #browser: Browser;

  private constructor(demo: Demonstration, browser: Browser, watched: WatchedPage) {
    this.demo = demo;
    this.#browser = browser;
    this.watched = watched;
    this.page = watched.page;
  }

  static async open(): Promise<FurnishedPage> {
    const demo = await Demonstration.start();
    const browser = await launchChromium();
    const furnished = new FurnishedPage(demo, browser, await openWatched(browser, demo.clerk.url));
    try {
      await furnished.#furnish();
      return furnished;
    } catch (error) {
      await furnished.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.demo.stop();
  }

  async #furnish(): Promise<void> {
    const { page, demo } = this;
    const engineer = await openWatched(this.#browser, demo.engineer.url);
    await Promise.all([
      demo.addUser('kyiv.acme.ua', 'drawing', ALONE, 'a first password'),
      // who never logged in can't be written to
      logIn(engineer.page, demo.engineer),
      logIn(page, demo.clerk),
    ]);
    await engineer.context.close();
    await beginWith(page, 'drawing');
    await this.#makeGroup();
    await beginWith(page, demo.engineer.user);
    for (const text of ['Sheet one', 'Sheet two', 'Sheet three']) await say(page, text);
    await this.#sendPictures(['north.png', 'south.png']);
  }

  async #makeGroup(): Promise<void> {
    const { page, demo } = this;
    await page.getByRole('button', { name: 'New conversation' }).first().click();
    await page.getByRole('button', { name: 'New group', exact: true }).click();
    const dialog = this.dialog('New group');
    await dialog.getByLabel('Name of the group').fill(GROUP);
    await dialog.getByLabel('Find people').fill(demo.engineer.user);
    await dialog.locator('.choice-list button').filter({ hasText: demo.engineer.user }).click();
    await dialog.getByRole('button', { name: 'Make the group' }).click();
    await this.heading(GROUP).waitFor();
    await say(page, 'The stair is closed.');
    await this.isStored('The stair is closed.');
  }

  async #sendPictures(names: readonly string[]): Promise<void> {
    const { page } = this;
    const buffer = Buffer.from(await page.evaluate<string>(PICTURE), 'base64');
    const files = names.map((name) => ({ name, mimeType: 'image/png', buffer }));
    await page.locator('[data-attach]').setInputFiles(files);
    await page.getByRole('list', { name: 'Files to send' }).getByRole('listitem').nth(1).waitFor();
    await field(page).focus();
    await page.keyboard.press('Enter');
    for (const name of names) await this.picture(name).waitFor();
  }

  link(name: string): Locator {
    const called = this.page.locator('.chat-name').getByText(name, { exact: true });
    return this.page.locator('.chat-link').filter({ has: called });
  }

  heading(name: string): Locator {
    return this.page.locator('.chat-who h1').filter({ hasText: name });
  }

  dialog(name: string): Locator {
    return this.page.getByRole('dialog', { name, exact: true });
  }

  details(): Locator {
    return this.page.getByRole('complementary', { name: 'Details' });
  }

  picture(name: string): Locator {
    return this.page.getByRole('log').getByRole('button', { name: `Show ${name}` });
  }

  async isStored(text: string): Promise<void> {
    await message(this.page, text)
      .getByRole('img', { name: /Stored|Delivered|Read/ })
      .waitFor();
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** With the focus in the field. */
  async goTo(name: string): Promise<void> {
    await this.link(name).press('Enter');
    await this.heading(name).waitFor();
    await field(this.page).focus();
  }

  /** With the focus on it. */
  async toMessage(text: string): Promise<Locator> {
    const row = message(this.page, text).first();
    await row.focus();
    return row;
  }
}
