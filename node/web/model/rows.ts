// What the timeline shows: days, and in each the messages grouped by sender and the "New" divider.
import type { Message } from '../../../src/client/client.ts';

/** Messages of one sender stand together while no gap is longer (milliseconds). */
const GROUP_GAP = 5 * 60_000;

export interface MessageRowModel {
  readonly kind: 'message';
  readonly key: string;
  readonly message: Message;
  /** The first of its group: it carries the name. */
  readonly leads: boolean;
  readonly ends: boolean;
}
export type Row = MessageRowModel | { readonly kind: 'new'; readonly key: 'new' };

export interface Day {
  readonly key: string;
  readonly at: number;
  readonly rows: readonly Row[];
}

/** When a message counts as said: by the node's stamp, which all clocks are measured against, else by the sender. */
export function saidAt(message: Message): number {
  return message.stamp?.ms ?? message.sentAt;
}

/**
 * @param firstNew the message above which the divider stands
 * @param isSameDay compares two times by the person's calendar
 */
export function layOutDays(
  messages: readonly Message[],
  firstNew: string | undefined,
  isSameDay: (a: number, b: number) => boolean,
): readonly Day[] {
  const days: { key: string; at: number; rows: Row[] }[] = [];
  const leads = (before: Message | undefined, message: Message): boolean =>
    before === undefined ||
    message.id === firstNew ||
    before.from.id !== message.from.id ||
    saidAt(message) - saidAt(before) > GROUP_GAP ||
    !isSameDay(saidAt(before), saidAt(message));

  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    const after = messages[index + 1];
    if (before === undefined || !isSameDay(saidAt(before), saidAt(message))) {
      days.push({ key: `day ${message.id}`, at: saidAt(message), rows: [] });
    }
    const rows = days.at(-1)?.rows;
    if (message.id === firstNew) rows?.push({ kind: 'new', key: 'new' });
    const ends = after === undefined || leads(message, after);
    rows?.push({ kind: 'message', key: message.id, message, leads: leads(before, message), ends });
  }
  return days;
}
