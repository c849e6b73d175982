// A branch that is cut off for longer than a message should take: what waits is counted in words, one and twelve, goes when the branch is
// back, and is told to have come late.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { beginWith, inList, logIn, message, say } from './person-page.ts';
import { axeFindings, openWatched, type WatchedPage } from './watched-page.ts';

const OTHER = 'lviv.acme.ua';
const TEXTS = Array.from({ length: 12 }, (_, index) => `While it is cut ${String(index + 1).padStart(2, '0')}`);
/** Milliseconds after which what arrives is told to be late, and somewhat more. */
const LATE = 10 * 60_000 + 15_000;
/** Milliseconds until a branch that is cut off is missed, and until it is back. */
const RETURN = 60_000;
const MINUTES = 60_000;

const awayWith = (queued: string): RegExp =>
  new RegExp(`^Branch lviv\\.acme\\.ua unreachable since \\d\\d:\\d\\d, ${queued} queued\\. Local chats work\\.$`);

describe('a branch that is cut off', { skip: skipWithoutBrowser(), timeout: 20 * MINUTES }, () => {
  let demo: Demonstration;
  let browser: Browser;
  let clerk: WatchedPage;
  let engineer: WatchedPage;

  before(async () => {
    [demo, browser] = await Promise.all([Demonstration.start(), launchChromium()]);
    clerk = await openWatched(browser, demo.clerk.url);
    engineer = await openWatched(browser, demo.engineer.url);
    await Promise.all([logIn(clerk.page, demo.clerk), logIn(engineer.page, demo.engineer)]);
    await beginWith(clerk.page, demo.engineer.user);
    await say(clerk.page, 'The beginning');
    await inList(engineer.page, demo.clerk.name).click();
    await message(engineer.page, 'The beginning').waitFor();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('what waits for it is counted in words, arrives once and in order, and is told to be late', async (t) => {
    const { page } = clerk;
    const strip = page.locator('.strip');
    const plugIn = await demo.cutNode(OTHER);
    try {
      await say(page, TEXTS[0] ?? '');
      await strip.filter({ hasText: awayWith('1 message') }).waitFor({ timeout: RETURN });
      for (const text of TEXTS.slice(1)) await say(page, text);
      await strip.filter({ hasText: awayWith('12 messages') }).waitFor({ timeout: RETURN });
      assert.deepEqual(await axeFindings(page), []);
      const stored = message(page, TEXTS.at(-1) ?? '').getByRole('img', { name: 'Stored' });
      await stored.waitFor();
      t.diagnostic('cut off for more than ten minutes');
      await page.waitForTimeout(LATE);
      assert.equal(await stored.count(), 1);
    } finally {
      plugIn();
    }
    await page.locator('.strip-none').waitFor({ state: 'attached', timeout: RETURN });
    await message(engineer.page, TEXTS.at(-1) ?? '').waitFor({ timeout: RETURN });
    const shown = engineer.page.locator('article');
    assert.deepEqual(await shown.locator('.message-text').allTextContents(), ['The beginning', ...TEXTS]);
    for (const text of TEXTS) {
      const late = message(engineer.page, text).locator('.message-late');
      assert.match((await late.textContent()) ?? '', /^arrived late, at \d\d:\d\d$/);
    }
    await message(engineer.page, 'The beginning').locator('.message-late').waitFor({ state: 'detached' });
    assert.deepEqual(await axeFindings(engineer.page), []);
    await message(page, TEXTS.at(-1) ?? '')
      .getByRole('img', { name: /Delivered|Read/ })
      .waitFor({ timeout: RETURN });
    assert.equal(await page.locator('.message-late').count(), 0);
  });

  test('no console error but that a server is away, no violation of the policy, no request to any other place', () => {
    const away =
      /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)|WebSocket is closed before the connection/;
    assert.deepEqual(
      [...clerk.complaints, ...engineer.complaints].filter((line) => !away.test(line)),
      [],
    );
  });
});
