// Read and unread, and what disappears after reading.
import type { UserId } from '../../realm/ids.ts';
import type { OpenedEvent } from './events.ts';
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
export function isCleared({ clearedUpTo }: TimelineState, { arrivedAt, stamp }: OpenedEvent): boolean {
  return stamp !== undefined && (arrivedAt ?? stamp.ms) <= clearedUpTo;
}

/** When the message is gone: its time after the own reading, or after the first reading by another of what is one's own. */
export function disappearsAt(state: TimelineState, event: OpenedEvent, me: UserId): number | undefined {
  const { content, sender, id } = event;
  const after = content && 'expiresAfter' in content && content.kind !== 'timer' ? content.expiresAfter : undefined;
  if (!after) return undefined;
  const readAt = sender === me ? firstReading(state, id, me) : ownReading(state, event.arrivedAt);
  return readAt === undefined ? undefined : readAt + after;
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
