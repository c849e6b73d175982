// The open conversation in the page's address, `#/chat/ID`: a reload and the browser's back button lead there.
import { effect, type Signal, signal } from '@preact/signals';
import { type ConversationId, parseConversationId } from '../../src/realm/ids.ts';

export function hashPlace(): Signal<ConversationId | undefined> {
  const current = signal(readHash());
  addEventListener('hashchange', () => {
    current.value = readHash();
  });
  effect(() => {
    if (current.value !== readHash()) afterFrame(() => write(current.peek()));
  });
  return current;
}

/** A new address costs the browser more than a frame has to spare: what it names is on the screen first. */
function afterFrame(work: () => void): void {
  // where nobody looks there are no frames
  if (document.visibilityState === 'hidden') work();
  else requestAnimationFrame(() => setTimeout(work));
}

function write(id: ConversationId | undefined): void {
  if (id !== readHash()) location.hash = id === undefined ? '' : `#/chat/${id}`;
}

/** An address that somebody made up opens nothing. */
function readHash(): ConversationId | undefined {
  const [, id] = /^#\/chat\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(location.hash) ?? [];
  return id === undefined ? undefined : parseConversationId(id);
}
