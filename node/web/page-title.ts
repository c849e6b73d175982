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
  let wanted = 0;
  let due: ReturnType<typeof setTimeout> | undefined;
  const show = (): void => {
    due = undefined;
    const told = wanted > 0 ? icon.setAppBadge?.(wanted) : icon.clearAppBadge?.();
    // not installed: the title says it
    told?.catch(() => undefined);
  };
  effect(() => {
    wanted = unread.value;
    document.title = wanted > 0 ? `(${wanted}) ${name.value}` : name.value;
    // the browser takes milliseconds for it, which a page that is just beginning has not
    due ??= setTimeout(show, BADGE_PAUSE);
  });
}
