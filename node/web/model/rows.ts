// What the timeline shows, row by row: day lines, messages grouped by sender, the "New" divider.
import type { Message } from '../../../src/client/client.ts';

/** Messages of one sender stand together while no gap is longer (milliseconds). */
const GROUP_GAP = 5 * 60_000;

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: 'new' }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: Message;
      readonly leads: boolean;
      readonly ends: boolean;
    };

/** When a message counts as said: by the node's stamp, which all clocks are measured against, else by the sender. */
export function saidAt(message: Message): number {
  return message.stamp?.ms ?? message.sentAt;
}

/**
 * @param firstNew the message before which the divider stands
 * @param sameDay compares two times by the person's calendar
 */
export function layOutRows(
  messages: readonly Message[],
  firstNew: string | undefined,
  sameDay: (a: number, b: number) => boolean,
): readonly Row[] {
  const rows: Row[] = [];
  const starts = (before: Message | undefined, message: Message): boolean =>
    before === undefined ||
    message.id === firstNew ||
    before.from.id !== message.from.id ||
    saidAt(message) - saidAt(before) > GROUP_GAP ||
    !sameDay(saidAt(before), saidAt(message));

  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    const after = messages[index + 1];
    if (before === undefined || !sameDay(saidAt(before), saidAt(message))) {
      rows.push({ kind: 'day', key: `day-${message.id}`, at: saidAt(message) });
    }
    if (message.id === firstNew) rows.push({ kind: 'new', key: 'new' });
    const ends = after === undefined || starts(message, after);
    rows.push({ kind: 'message', key: message.id, message, leads: starts(before, message), ends });
  }
  return rows;
}
