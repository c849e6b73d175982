// What happens to what people write while something is broken: the node is killed, the line is cut, the page is reloaded or open twice,
// the clock is wrong, the disk of the browser is full. Nothing is lost, nothing comes twice, and each state is told in words.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, skipWithoutBrowser } from './chromium.ts';
import { Demonstration } from './demonstration.ts';
import { beginWith, field, logIn, message, say } from './person-page.ts';
import { openWatched, type WatchedPage } from './watched-page.ts';

const HOME = 'kyiv.acme.ua';
const OTHER = 'lviv.acme.ua';
const HOURS = 3_600_000;
/** Bytes: less than what lies there already. */
const NO_ROOM = 1;
/** Milliseconds in which a draft is kept at the server. */
const KEPT = 1500;
/** Milliseconds for what waits on a node that starts. */
const RETURN = 30_000;

/** What the pages' strip says. */
async function told(page: Page, text: string | RegExp): Promise<void> {
  await page.locator('.strip').filter({ hasText: text }).waitFor({ timeout: RETURN });
}

async function nothingTold(page: Page): Promise<void> {
  await page.locator('.strip-none').waitFor({ state: 'attached', timeout: RETURN });
}

/** Each once, and in this order. */
async function holds(page: Page, texts: readonly string[]): Promise<void> {
  for (const text of texts) await message(page, text).first().waitFor({ timeout: RETURN });
  const shown = await page.locator('article .message-text').allTextContents();
  assert.deepEqual(
    shown.filter((text) => texts.includes(text)),
    texts,
  );
}

const numbered = (what: string): string[] => Array.from({ length: 4 }, (_, index) => `${what} ${index + 1}`);

describe('states of a page', { skip: skipWithoutBrowser(), timeout: 240_000 }, () => {
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
    await engineer.page.getByRole('link', { name: demo.clerk.name }).click();
    await message(engineer.page, 'The beginning').waitFor();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('whatever is written while the node is dead waits, is told, survives a reload and arrives once', async () => {
    const { page } = clerk;
    const comeBack = await demo.killNode(HOME);
    try {
      const texts = numbered('While it is dead');
      for (const text of texts) await say(page, text);
      await told(page, /Your branch’s server doesn’t answer. Reconnecting….*4 messages wait here/);
      await page.reload();
      await told(page, /doesn’t answer.*4 messages wait here/);
      await holds(page, texts);
    } finally {
      comeBack();
    }
    await nothingTold(page);
    await holds(engineer.page, numbered('While it is dead'));
    await holds(page, numbered('While it is dead'));
    await message(page, 'While it is dead 4')
      .getByRole('img', { name: /Delivered|Read/ })
      .waitFor({ timeout: RETURN });
  });

  test('while the other branch is away its name and what waits for it are told, and all arrives once when it is back', async () => {
    const { page } = clerk;
    const comeBack = await demo.killNode(OTHER);
    const texts = numbered('While the other branch is away');
    try {
      for (const text of texts) await say(page, text);
      await told(page, /^Branch lviv\.acme\.ua unreachable since \d.*4 messages queued\. Local chats work\.$/);
    } finally {
      comeBack();
    }
    await nothingTold(page);
    await holds(engineer.page, texts);
    await message(page, texts.at(-1) ?? '')
      .getByRole('img', { name: /Delivered|Read/ })
      .waitFor({ timeout: RETURN });
  });

  test('a reload in the middle of sending loses nothing and sends nothing twice', async () => {
    const { page } = clerk;
    const texts = numbered('Before a reload');
    for (const text of texts) await say(page, text);
    // as soon as the page shows it as said
    await message(page, texts.at(-1) ?? '').waitFor();
    await page.reload();
    await holds(engineer.page, texts);
    await holds(page, texts);
    assert.equal(await field(page).inputValue(), '');
  });

  test('a computer without a network is told so, and what is written goes when it is back', async () => {
    const { page, context } = clerk;
    const plugIn = await demo.cutNode(HOME);
    await context.setOffline(true);
    try {
      await say(page, 'Without a network');
      await told(page, /This computer has no network.*1 message waits here/);
    } finally {
      await context.setOffline(false);
      plugIn();
    }
    await nothingTold(page);
    await holds(engineer.page, ['Without a network']);
  });

  test('another tab says that it is not the one, takes over with the draft, and sends what the first one began', async () => {
    const { page, context } = clerk;
    await field(page).pressSequentially('Begun in the first tab');
    const second = await context.newPage();
    await second.goto(page.url());
    await second.getByRole('heading', { name: 'Canopy is open in another tab' }).waitFor();
    await second.getByRole('button', { name: 'Use it here' }).click();
    await page.getByRole('heading', { name: 'Canopy is open in another tab' }).waitFor();
    await field(second).waitFor();
    assert.equal(await field(second).inputValue(), 'Begun in the first tab');
    await second.keyboard.press('Enter');
    await holds(engineer.page, ['Begun in the first tab']);
    await page.getByRole('button', { name: 'Use it here' }).click();
    await holds(page, ['Before a reload 4', 'Without a network', 'Begun in the first tab']);
    assert.equal(await field(page).inputValue(), '');
    await second.getByRole('heading', { name: 'Canopy is open in another tab' }).waitFor();
    await second.close();
  });

  for (const [hours, words] of [
    [5, /clock is wrong: it says/],
    [-5, /clock is wrong: it says/],
  ] as const) {
    test(`a clock that is wrong by ${hours} hours is told; order, times and days are those of the node`, async () => {
      const shift = `(() => {
        const Real = Date;
        globalThis.Date = class extends Real {
          constructor(...given) { given.length ? super(...given) : super(Real.now() + ${hours * HOURS}); }
          static now() { return Real.now() + ${hours * HOURS}; }
        };
      })()`;
      const wrong = await openWatched(browser, demo.clerk.url, {}, shift);
      await logIn(wrong.page, demo.clerk);
      await wrong.page.getByRole('link', { name: demo.engineer.name }).click();
      await told(wrong.page, words);
      const texts = [`Wrong by ${hours}`, `Answer to ${hours}`, `Again by ${hours}`] as const;
      await say(wrong.page, texts[0]);
      await holds(engineer.page, [texts[0]]);
      await say(engineer.page, texts[1]);
      await holds(wrong.page, texts.slice(0, 2));
      await say(wrong.page, texts[2]);
      await holds(engineer.page, texts);
      for (const { page } of [wrong, engineer, clerk]) {
        await holds(page, texts);
        const times = await page.locator('article:not(.message-joined) time').allTextContents();
        assert.deepEqual(times, times.toSorted());
        // one that stands, and one that floats above while it is scrolled
        assert.deepEqual([...new Set(await page.locator('.day-line').allTextContents())], ['Today']);
      }
      assert.deepEqual(wrong.complaints, []);
      await wrong.context.close();
    });
  }

  test('a browser whose disk is full says so, loses nothing, and goes on when there is room', async () => {
    const { page, context } = clerk;
    const devtools = await context.newCDPSession(page);
    const { origin } = new URL(page.url());
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: NO_ROOM });
    await page.reload();
    await say(engineer.page, 'To a full disk');
    await holds(page, ['To a full disk']);
    // a browser looks at the room that is left when a page opens, or half a minute later
    const full = page.locator('.strip').filter({ hasText: /no room/ });
    for (let more = 1; (await full.count()) === 0; more++) {
      assert.ok(more < 30, 'the page never said that there is no room');
      await say(engineer.page, `More ${more}`);
      await page.waitForTimeout(2_000);
    }
    await say(page, 'From a full disk');
    await page.getByText(/so nothing was sent. Your text stands in the field/).waitFor();
    assert.equal(await field(page).inputValue(), 'From a full disk');
    await message(page, 'From a full disk').waitFor({ state: 'detached' });
    await page.waitForTimeout(KEPT);
    await page.reload();
    assert.equal(await field(page).inputValue(), 'From a full disk');
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    await page.reload();
    await field(page).focus();
    await page.keyboard.press('Enter');
    await holds(engineer.page, ['To a full disk', 'From a full disk']);
    await holds(page, ['To a full disk', 'From a full disk']);
    await nothingTold(page);
  });

  test('no console error but that a server is away, no violation of the policy', () => {
    const away = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INTERNET_DISCONNECTED|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;
    assert.deepEqual(
      [...clerk.complaints, ...engineer.complaints].filter((line) => !away.test(line)),
      [],
    );
  });
});
