// Keys in a timeline: arrows go from message to message, Home and End to the first and last that are loaded.
import type { VirtualRows } from './virtual-rows.ts';

interface Keyed {
  readonly kind: string;
  readonly key: string;
}

export function onRowKey(event: KeyboardEvent, rows: readonly Keyed[], list: VirtualRows): void {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  const box = list.box.current;
  const target = event.target;
  if (!box || !(target instanceof HTMLElement)) return;
  const isRow = target === box || target.matches('[data-message]');
  if (!isRow) return;
  const at = rows.findIndex(({ key }) => key === target.dataset['message']);
  const next = nextOf(event.key, rows, at, list);
  if (next === undefined) return;
  event.preventDefault();
  list.toRow(next, 'auto');
  focusRow(box, rows[next]?.key ?? '');
}

function nextOf(key: string, rows: readonly Keyed[], at: number, list: VirtualRows): number | undefined {
  const messages = rows.flatMap(({ kind }, index) => (kind === 'message' ? [index] : []));
  switch (key) {
    case 'ArrowUp':
      if (at < 0) return messages.findLast((index) => index <= (list.onScreen?.last ?? rows.length));
      return messages.findLast((index) => index < at);
    case 'ArrowDown':
      return at < 0 ? undefined : messages.find((index) => index > at);
    case 'Home':
      return messages[0];
    case 'End':
      return messages.at(-1);
    default:
      return undefined;
  }
}

/** Frames in which a row that was far away may come into the page. */
const MOST_FRAMES = 20;

/** Once it is in the page. */
export function focusRow(box: HTMLElement, key: string, frame = 0): void {
  const row = box.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`);
  if (row) row.focus({ preventScroll: true });
  else if (frame < MOST_FRAMES) requestAnimationFrame(() => focusRow(box, key, frame + 1));
}
