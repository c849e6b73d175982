// How many wait to be read, where a person sees it without looking at the page: in the title and on the installed app's icon.
import { effect, type ReadonlySignal } from '@preact/signals';

interface TitleParts {
  readonly name: ReadonlySignal<string>;
  readonly unread: ReadonlySignal<number>;
}

/** Milliseconds in which changes are gathered. */
const BADGE_PAUSE = 250;

/** Where the browser can put a number on an icon. */
interface BadgeNavigator {
  setAppBadge?(count: number): Promise<void>;
  clearAppBadge?(): Promise<void>;
}

export function showUnread({ name, unread }: TitleParts): void {
  const icon: BadgeNavigator = navigator;
  effect(() => {
    const count = unread.value;
    document.title = count > 0 ? `(${count}) ${name.value}` : name.value;
  });
  let due: number | undefined;
  effect(() => {
    unread.value;
    // the browser takes milliseconds for it, which a page that is just beginning has not
    due ??= setTimeout(() => {
      due = undefined;
      const count = unread.peek();
      const told = count > 0 ? icon.setAppBadge?.(count) : icon.clearAppBadge?.();
      // not installed: the title says it
      told?.catch(() => undefined);
    }, BADGE_PAUSE);
  });
}
