// How the pages stand a conversation of 100,000 messages, in Chromium, each figure beside a static page in the same run: opening it,
// p95 of a frame while it is scrolled back, p95 from a key to the screen while 50 messages a second arrive, and the first message on
// the screen after a warm start. Built as for a node; messages lie encrypted in the browser's database, nothing comes by a network.
//
// The static page is the app's own DOM as it stood, with its styles and without its scripts; in opening, its conversation is put into
// the page at once. Only for scrolling it has more: its rows over and over, so that there is as far to scroll. Runs of both take turns.
// `openingAtOnce` has no limit: the conversation is opened as soon as the list is there, before anything of it can have been read.
// Prints one JSON document; times are in milliseconds.
//
//   node scripts/bench/web-timeline.ts [--messages 100000] [--runs 5]

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { build } from 'vite';

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, runs: { type: 'string', default: '5' } },
});
const MESSAGES = Number(values.messages);
const RUNS = Number(values.runs);
const WEB = join(import.meta.dirname, '../../node/web');
/** Frames that are scrolled, pixels each. */
const FRAMES = 200;
const STEP = 160;
/** Keys, with milliseconds between them: somebody who types fast. */
const KEYS = 30;
const BETWEEN_KEYS = 90;
const ARRIVALS_A_SECOND = 50;
/** Milliseconds in which a page comes to rest. */
const SETTLED = 500;
const FILLING = 300_000;
const PATIENCE = 30_000;
/** What the requirements aim at, and how much slower than the static page it may be. */
const AIMS = { warmStart: 500, opening: 150, openingAtOnce: 150, typing: 50, frame: 16 } as const;
/** Times that rows are repeated in the static page that is scrolled. */
const REPEATED = 60;
const MOST = 2;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

type Measure = keyof typeof AIMS;
const figures = { app: emptyFigures(), static: emptyFigures() };

function emptyFigures(): Record<Measure, number[]> {
  return { warmStart: [], opening: [], openingAtOnce: [], typing: [], frame: [] };
}

const quantile = (list: readonly number[], of: number): number => {
  const sorted = list.toSorted((a, b) => a - b);
  return Math.round(100 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? 0)) / 100;
};

/** Runs in both pages. A task after the next frame's work: what was changed has been painted. */
const IN_PAGE = `
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(0);
  }));
  globalThis.painted = painted;
  globalThis.scrollFrames = async (count, step) => {
    const box = document.querySelector('.timeline');
    const times = [];
    for (let frame = 0, last = await new Promise(requestAnimationFrame); frame < count; frame += 1) {
      box.scrollTop -= step;
      if (box.scrollTop <= 0) box.scrollTop = box.scrollHeight / 2;
      const now = await new Promise(requestAnimationFrame);
      times.push(now - last);
      last = now;
    }
    return times;
  };
  globalThis.keyTimes = [];
  addEventListener('keydown', (event) => {
    void painted().then((at) => globalThis.keyTimes.push(at - event.timeStamp));
  }, true);
`;

/** As a node sends them (node/lan/pages.ts). */
function headersOf(path: string) {
  const cache = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  return { 'content-type': TYPES[extname(path)] ?? 'text/plain', 'cache-control': cache };
}

async function serve(folder: string) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    readFile(join(folder, path)).then(
      (bytes) => response.writeHead(200, headersOf(path)).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { server, origin: `http://127.0.0.1:${port}` };
}

/** The page as it is, without what makes it move; and the same with more rows, so that it scrolls as far as the app's own. */
async function snapshot(page: Page, folder: string): Promise<void> {
  const bodies = await page.evaluate<Record<string, string>>(`(() => {
    const copyOf = (times) => {
      const copy = document.body.cloneNode(true);
      const box = copy.querySelector('.timeline-rows');
      box.style.transform = '';
      box.style.position = 'static';
      box.parentElement.style.height = 'auto';
      const once = [...box.children];
      for (let more = 1; more < times; more += 1) for (const row of once) box.append(row.cloneNode(true));
      return copy.innerHTML;
    };
    return { 'static.html': copyOf(1), 'scrolled.html': copyOf(${REPEATED}) };
  })()`);
  const head = await page.evaluate<string>(
    `[...document.querySelectorAll('link[rel=stylesheet]')].map((link) => link.outerHTML).join('')`,
  );
  for (const [name, body] of Object.entries(bodies)) {
    const html = `<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">${head}</head><body>${body}</body></html>`;
    await writeFile(join(folder, name), html);
  }
}

/** The pages let nobody evaluate text in them, so it is asked from outside. */
async function until(page: Page, isSo: string, patience: number): Promise<void> {
  const end = performance.now() + patience;
  while (!(await page.evaluate<boolean>(`Boolean(${isSo})`))) {
    if (performance.now() > end) throw new Error(`not in ${patience} ms: ${isSo}`);
    await page.waitForTimeout(20);
  }
}

async function firstPaint(page: Page, url: string, ready: string): Promise<number> {
  await page.goto('about:blank');
  await page.goto(url);
  await until(page, ready, PATIENCE);
  // What is asked here runs a frame after it was true; the paint before that is the one.
  return page.evaluate<number>(`(async () => {
    await globalThis.painted();
    const marks = performance.getEntriesByType('element').concat(performance.getEntriesByType('paint'));
    return globalThis.shownAt ?? Math.max(...marks.map(({ startTime }) => startTime));
  })()`);
}

/** When the first message is on the screen: written down as it happens. */
const WATCH = `
  globalThis.whenShown = () => new Promise((done) => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.timeline [data-message]')) return;
      observer.disconnect();
      void globalThis.painted().then(done);
    }).observe(document, { childList: true, subtree: true });
  });
  void globalThis.whenShown().then((at) => { globalThis.shownAt = at; });
`;
/** Presses the conversation in the moment in which it stands in the list. */
const AT_ONCE = `
  if (location.search === '?at-once') new MutationObserver((_, observer) => {
    const link = document.querySelector('.chat-link');
    if (!link) return;
    observer.disconnect();
    globalThis.pressedAt = performance.now();
    link.click();
  }).observe(document, { childList: true, subtree: true });
`;
const IS_SHOWN = `globalThis.shownAt !== undefined`;

async function measureApp(page: Page, origin: string, id: string): Promise<void> {
  const url = `${origin}/dev/long.html`;
  figures.app.warmStart.push(await firstPaint(page, `${url}#/chat/${id}`, IS_SHOWN));
  await firstPaint(page, `${url}?at-once#/`, IS_SHOWN);
  figures.app.openingAtOnce.push(await page.evaluate<number>(`globalThis.shownAt - globalThis.pressedAt`));
  await page.goto(`${url}?away#/`);
  await page.locator(`.chat-link`).first().waitFor();
  await page.waitForTimeout(SETTLED);
  figures.app.opening.push(
    await page.evaluate<number>(`(async () => {
      const shown = globalThis.whenShown();
      const begun = performance.now();
      document.querySelector('.chat-link[href$="${id}"]').click();
      return (await shown) - begun;
    })()`),
  );
  await page.waitForTimeout(SETTLED);
}

async function measureStatic(page: Page, origin: string): Promise<void> {
  figures.static.warmStart.push(await firstPaint(page, `${origin}/static.html`, IS_SHOWN));
  await page.waitForTimeout(SETTLED);
  figures.static.opening.push(
    await page.evaluate<number>(`(async () => {
      const chat = document.querySelector('.chat');
      const place = chat.parentElement;
      const copy = chat.cloneNode(true);
      chat.remove();
      await globalThis.painted();
      const begun = performance.now();
      place.append(copy);
      return (await globalThis.painted()) - begun;
    })()`),
  );
}

async function measureScrolling(page: Page, into: Record<Measure, number[]>): Promise<void> {
  await toEnd(page);
  into.frame.push(...(await page.evaluate<number[]>(`globalThis.scrollFrames(${FRAMES}, ${STEP})`)));
}

async function measureTyping(page: Page, into: Record<Measure, number[]>, arrivals: boolean): Promise<void> {
  await toEnd(page);
  await page.evaluate(
    `globalThis.keyTimes = []; ${arrivals ? `globalThis.arriving = setInterval(() => void globalThis.long.comes(), ${1000 / ARRIVALS_A_SECOND})` : ''}`,
  );
  await page.locator('textarea').focus();
  for (let key = 0; key < KEYS; key += 1)
    await page.keyboard.press('abcdefgh'[key % 8] ?? 'a', { delay: 0 }).then(() => page.waitForTimeout(BETWEEN_KEYS));
  into.typing.push(...(await page.evaluate<number[]>(`clearInterval(globalThis.arriving), globalThis.keyTimes`)));
}

async function toEnd(page: Page): Promise<void> {
  await page.evaluate(`document.querySelector('.timeline').scrollTop = 1e9`);
  await page.waitForTimeout(SETTLED);
}

/** Both, one after the other; the first time the static page is made of the app as it then stands. */
async function run(page: Page, origin: string, folder: string, id: string, isFirst: boolean): Promise<void> {
  await measureApp(page, origin, id);
  if (isFirst) await snapshot(page, folder);
  await measureScrolling(page, figures.app);
  await measureTyping(page, figures.app, true);
  await measureStatic(page, origin);
  await measureTyping(page, figures.static, false);
  await page.goto(`${origin}/scrolled.html`);
  await measureScrolling(page, figures.static);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-web-timeline-'));
  const configFile = join(WEB, 'vite.config.ts');
  const input = join(WEB, 'dev/long.html');
  await build({
    configFile,
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true, rollupOptions: { input } },
  });
  const { server, origin } = await serve(folder);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    await context.addInitScript({ content: IN_PAGE + WATCH + AT_ONCE });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const begun = Date.now();
    await page.goto(`${origin}/dev/long.html#fill=${MESSAGES}`);
    await until(page, `globalThis.long?.isFilled`, FILLING);
    const filled = Date.now() - begun;
    const id = await page.evaluate<string>(`globalThis.long.id`);
    for (let at = 0; at < RUNS; at += 1) await run(page, origin, folder, id, at === 0);
    console.log(JSON.stringify({ messages: MESSAGES, runs: RUNS, load: loadavg(), filled, ...result() }, undefined, 2));
  } finally {
    await browser.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Frames and keys by their p95; the others by their median over the runs. */
function result() {
  const entries = (Object.keys(AIMS) as Measure[]).map((name) => {
    const of = name === 'frame' || name === 'typing' ? 0.95 : 0.5;
    const app = quantile(figures.app[name], of);
    if (name === 'openingAtOnce') return [name, { app, aim: AIMS[name] }];
    const beside = quantile(figures.static[name], of);
    const ratio = Math.round((100 * app) / beside) / 100;
    return [name, { app, static: beside, ratio, atMost: MOST, aim: AIMS[name], isWithin: ratio <= MOST }];
  });
  return Object.fromEntries(entries);
}

await main();
