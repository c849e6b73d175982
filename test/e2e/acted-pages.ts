// The developers' pages in a browser: the web client over an acted server, in states that a real one comes to seldom.
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { launchChromium } from './chromium.ts';

const CONFIG = join(import.meta.dirname, '../../node/web/vite.config.ts');
/** Milliseconds for what a page does. */
const PATIENCE = 10_000;
/** Milliseconds until vite has looked at all modules for the first time. */
const FIRST = 30_000;

export class ActedPages {
  readonly #server: ViteDevServer;
  readonly #browser: Browser;
  readonly #address: string;

  private constructor(server: ViteDevServer, browser: Browser) {
    this.#server = server;
    this.#browser = browser;
    this.#address = server.resolvedUrls?.local[0] ?? '';
  }

  static async start(): Promise<ActedPages> {
    const server = await createServer({ configFile: CONFIG, logLevel: 'error', server: { port: 0 } });
    await server.listen();
    return new ActedPages(server, await launchChromium());
  }

  /** In a context of its own. */
  async open(scene: string, options: BrowserContextOptions = {}): Promise<Page> {
    const viewport = { width: 1280, height: 800 };
    const context = await this.#browser.newContext({ locale: 'en-GB', viewport, ...options });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    await this.show(page, scene);
    return page;
  }

  async show(page: Page, scene: string): Promise<void> {
    await page.goto(`${this.#address}dev/?scene=${scene}`);
    await page.locator('main, .workspace').first().waitFor({ timeout: FIRST });
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }
}
