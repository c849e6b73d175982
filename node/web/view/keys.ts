// Keys that work wherever the focus is: Ctrl/Cmd+K goes to a conversation, Alt+arrows to the next one, Esc goes back.
import type { Chats } from '../model/chats.ts';
import type { Screen } from '../model/screen.ts';

export function onWorkspaceKey(event: KeyboardEvent, screen: Screen, chats: Chats): void {
  // a dialog has its own keys, and the browser closes it on Esc
  if (document.querySelector('dialog[open]') || event.isComposing || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.code === 'KeyK') {
    event.preventDefault();
    screen.open('switch');
  } else if ((event.ctrlKey || event.metaKey) && event.code === 'KeyF' && chats.current.value) {
    event.preventDefault();
    screen.openSearch(chats.current.value.id);
  } else if (event.key === '/' && !isTyping(event)) {
    event.preventDefault();
    screen.open('switch');
  } else if (event.key === '?' && !isTyping(event)) {
    event.preventDefault();
    screen.open('keys');
  } else if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    step(chats, event.key === 'ArrowDown' ? 1 : -1);
  } else if (event.key === 'Escape' && !document.querySelector(':popover-open')) {
    if (screen.details.value) screen.details.value = false;
    else chats.open(undefined);
  }
}

function step(chats: Chats, by: 1 | -1): void {
  const list = chats.list.value;
  const at = list.findIndex(({ id }) => id === chats.current.value?.id);
  const next = at === -1 ? list[0] : list[at + by];
  if (next) chats.open(next.id);
}

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}

/** Arrow keys, Home and End move the focus along the links or buttons of a list. */
export function onListKey(event: KeyboardEvent, list: HTMLElement): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const items = [...list.querySelectorAll<HTMLElement>('a, button')];
  const at = items.findIndex((item) => item === document.activeElement);
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(at + 1, items.length - 1),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: items.length - 1,
  };
  const target = Object.hasOwn(targets, event.key) ? targets[event.key] : undefined;
  if (target === undefined) return;
  event.preventDefault();
  items[target]?.focus();
}
