// A page that writes down what must never happen: a console error, a violation of the policy, a request to another
// place than the page's own server.
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

const AXE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
/** Milliseconds that a person would wait at most, on a busy machine. */
const PATIENCE = 10_000;

/** Runs in the page. */
const TELL_VIOLATIONS = `addEventListener('securitypolicyviolation', (event) => {
  console.error('policy:', event.violatedDirective, event.blockedURI, event.sample);
});`;
const RUN_AXE = `axe.run().then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html + ' ' + node.failureSummary)),
);`.replace(/;$/, '');

export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong so far. */
  readonly complaints: string[];
  /** How many requests were seen, so that none is not taken for good. */
  readonly requests: { count: number };
}

export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  /** What runs in the page before anything of its own. */
  script = '',
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
  context.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  const requests = { count: 0 };
  const host = new URL(url).host;
  const see = (address: string): void => {
    requests.count += 1;
    const { protocol, host: target } = new URL(address);
    if (protocol !== 'data:' && target !== host) complaints.push(`request to ${address}`);
  };
  await context.addInitScript({ content: TELL_VIOLATIONS + script });
  context.on('request', (request) => see(request.url()));
  context.on('weberror', (error) => complaints.push(`thrown: ${error.error().stack}`));
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  const page = await context.newPage();
  page.on('websocket', (socket) => see(socket.url().replace(/^ws/, 'http')));
  page.on('dialog', (dialog) => {
    complaints.push(`a script opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, context, complaints, requests };
}

/** What axe finds on the page as it is now: rule and element, one a line. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  // A dialog that is still fading in has less contrast than the one that a person reads.
  await page.evaluate('Promise.allSettled(document.getAnimations().map((animation) => animation.finished))');
  return page.evaluate<string[]>(RUN_AXE);
}
