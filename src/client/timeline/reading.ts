// Read and unread, and what disappears after reading.
import type { UserId } from '../../realm/ids.ts';
import type { OpenedEvent } from './events.ts';
import { lastsFor } from './fleeting.ts';
import type { TimelineState } from './state.ts';

/**
 * By when the own server had it, not by its place: what arrives late and stands above what was read is unread all the same, so
 * that nothing slips into the past unseen.
 */
export function isUnread(state: TimelineState, { sender, arrivedAt }: OpenedEvent, me: UserId): boolean {
  if (sender === me || arrivedAt === undefined) return false;
  return arrivedAt > (state.reads.at(-1)?.arrivedAt ?? 0);
}

/** By its arrival: what was still on its way when the history was deleted is shown all the same. */
export function isCleared(
  { clearedUpTo }: Pick<TimelineState, 'clearedUpTo'>,
  { arrivedAt, stamp }: Pick<OpenedEvent, 'arrivedAt' | 'stamp'>,
): boolean {
  return stamp !== undefined && (arrivedAt ?? stamp.ms) <= clearedUpTo;
}

/** Milliseconds after which what is one's own counts as read though nobody told: readers may hide it, and large groups tell nobody. */
const UNTOLD = 24 * 3_600_000;

/** When the message is gone: its time after the own reading, or after the first reading by another of what is one's own. */
export function disappearsAt(state: TimelineState, event: OpenedEvent, me: UserId): number | undefined {
  const { content, sender } = event;
  const after = lastsFor(content);
  if (after === undefined) return undefined;
  const readAt = sender === me ? othersReading(state, event, me) : ownReading(state, event.arrivedAt);
  return readAt === undefined ? undefined : readAt + after;
}

/** By the stamp and by receipts alone: alike on each device of the user, and no clock of another person's decides. */
function othersReading(state: TimelineState, { id, recipients, stamp }: OpenedEvent, me: UserId): number | undefined {
  if (!stamp) return undefined;
  // A note to oneself has been read by all there are.
  if (recipients.length > 0 && recipients.every((user) => user === me)) return stamp.ms;
  return Math.min(firstReading(state, id, me) ?? Number.POSITIVE_INFINITY, stamp.ms + UNTOLD);
}

function firstReading(state: TimelineState, id: OpenedEvent['id'], me: UserId): number | undefined {
  const times = [...(state.receipts.get(id) ?? [])].flatMap(([user, { readAt }]) =>
    user === me || readAt === undefined ? [] : [readAt],
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** The first mark that covers it; marks ascend in what they cover and in time. */
function ownReading(state: TimelineState, arrivedAt: number | undefined): number | undefined {
  if (arrivedAt === undefined) return undefined;
  return state.reads.find((mark) => mark.arrivedAt >= arrivedAt)?.at;
}
