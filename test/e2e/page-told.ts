// What a page tells the system outside of itself, written down: notifications, the number on the installed app's icon. The browser's own
// parts still do what they do.
import type { Page } from 'playwright-core';

/** Runs in the page before anything of its own. */
export const WRITE_DOWN = `
  window.notices = [];
  window.badges = [];
  if ('Notification' in window) {
    window.Notification = class extends Notification {
      constructor(title, options) {
        super(title, options);
        notices.push(this);
        this.addEventListener('close', () => (this.isClosed = true));
      }
    };
  }
  const { setAppBadge, clearAppBadge } = Navigator.prototype;
  Navigator.prototype.setAppBadge = function (count) { badges.push(count); return setAppBadge.call(this, count); };
  Navigator.prototype.clearAppBadge = function () { badges.push(0); return clearAppBadge.call(this); };
`;

export interface Told {
  readonly title: string;
  readonly body: string;
}

export function notices(page: Page): Promise<Told[]> {
  return page.evaluate('notices.map(({ title, body }) => ({ title, body }))');
}

/** What a click of the person on the newest notification comes to. */
export async function clickNotice(page: Page): Promise<void> {
  await page.evaluate(`notices.at(-1).dispatchEvent(new Event('click'))`);
}

/** What the browser tells a page when the person turns to another tab or window, and comes back. */
export async function turnAway(page: Page, how: 'hidden' | 'unfocused'): Promise<() => Promise<void>> {
  const tell = (away: boolean): Promise<void> =>
    how === 'unfocused'
      ? page.evaluate(`dispatchEvent(new Event('${away ? 'blur' : 'focus'}'))`)
      : page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${away}, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'))`);
  await tell(true);
  return () => tell(false);
}
