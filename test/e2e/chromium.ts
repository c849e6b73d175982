// Debian's Chromium for the tests that drive a browser. Where it is missing these tests are skipped, loudly, unless
// CANOPY_TEST_REQUIRE names `browser`.
import { accessSync, constants } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { until } from '../faults/until.ts';

const EXECUTABLE = process.env['CANOPY_CHROMIUM'] ?? '/usr/bin/chromium';

/** What keeps a browser quiet: nothing of its own may leave the machine while requests are counted. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // a microphone that beeps, and a person who lets it be used
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** Why no browser test can run here; undefined when it can. */
export function whyNoBrowser(): string | undefined {
  try {
    accessSync(EXECUTABLE, constants.X_OK);
    return undefined;
  } catch {
    return `${EXECUTABLE} is not there; npm run test:setup installs it`;
  }
}

/** For node:test's `skip`: a reason, or false when the test runs. With `browser` required a missing one fails instead. */
export function skipWithoutBrowser(): string | false {
  const required = (process.env['CANOPY_TEST_REQUIRE'] ?? '').split(',').includes('browser');
  const why = whyNoBrowser();
  if (why === undefined || required) return false;
  console.error(`!! browser tests skipped: ${why}`);
  return why;
}

export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: FLAGS });
}

/** With a profile in a folder, as a person's own browser has one; other contexts are private windows. */
export async function launchProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { executablePath: EXECUTABLE, headless: true, args: FLAGS });
}

/** Milliseconds that something may take to come true on a busy machine. */
const PATIENCE = 15_000;

/** Waits until an expression holds in the page. The pages let nobody evaluate text in them, so each look is one from outside. */
export function isTrue(page: Page, expression: string): Promise<void> {
  return until(expression, () => page.evaluate<boolean>(`Boolean(${expression})`), PATIENCE);
}
