// The open conversation in the page's address, `#/chat/ID`: a reload and the browser's back button lead there.
import { effect, type Signal, signal } from '@preact/signals';

export function hashPlace(): Signal<string | undefined> {
  const current = signal(readHash());
  addEventListener('hashchange', () => {
    current.value = readHash();
  });
  effect(() => {
    const id = current.value;
    if (id !== readHash()) location.hash = id === undefined ? '' : `#/chat/${id}`;
  });
  return current;
}

function readHash(): string | undefined {
  return /^#\/chat\/([0-9a-f-]{36})$/.exec(location.hash)?.[1];
}
