// What this user may still see of a message, as a timeline would show it now: for whoever comes upon it by another way, by the search or by
// what a server tells, which has the body of what disappeared, was hidden or deleted here for longer.
import type { RosterKind } from '../crypto/roster.ts';
import type { Stamp } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import { type CachedPage, type ClientCache, pageOfOne } from './cache/cache.ts';
import type { OpenedEvent } from './timeline/events.ts';
import { isCleared } from './timeline/reading.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction } from './timeline/state.ts';
import { type ShownMessage, viewTimeline } from './timeline/view.ts';

/** A message as the users of the library have it, as far as it matters here. */
interface Told {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly stamp?: Stamp;
  readonly arrivedAt?: number;
  readonly text: string | undefined;
  readonly file?: unknown;
}

export interface ShownNowComponents {
  readonly cache: Pick<ClientCache, 'page'>;
  readonly me: UserId;
  readonly kindOf: (conversation: ConversationId) => Promise<RosterKind>;
  /** What the user has read, hidden or cleared. */
  readonly settled: (conversation: ConversationId) => readonly TimelineAction[];
  readonly clock: Pick<Clock, 'now'>;
}

/** `page`: of this one alone, with what is about it. */
export async function shownNow(
  event: OpenedEvent,
  { about, receipts }: CachedPage,
  { me, kindOf, settled, clock }: ShownNowComponents,
): Promise<ShownMessage | undefined> {
  const { conversation } = event;
  const actions = [{ kind: 'events', events: [event, ...about] } as const, { kind: 'receipts', receipts } as const];
  const state = [...actions, ...settled(conversation)].reduce(reduceTimeline, emptyTimeline(conversation));
  const view = viewTimeline(state, { user: me, kind: await kindOf(conversation), now: clock.now() });
  return view.items.find((item): item is ShownMessage => item.kind === 'message' && item.id === event.id);
}

/** A message of the server's as it is shown here; undefined when it is not. */
export async function asShown<Message extends Told>(
  message: Message,
  parts: ShownNowComponents,
): Promise<Omit<Message, 'file'> | Message | undefined> {
  const { id, conversation, stamp, arrivedAt } = message;
  if (!stamp) return message;
  const page = await pageOfOne(parts.cache, { id, conversation, stamp });
  const [event] = page.events;
  if (!event) return isSettled(message, parts) ? undefined : message;
  const shown = await shownNow({ ...event, ...(arrivedAt !== undefined && { arrivedAt }) }, page, parts);
  if (!shown) return undefined;
  const { file: _gone, ...rest } = message;
  if (shown.deletedBy !== undefined) return { ...rest, text: undefined };
  return event.content && shown.editedAt !== undefined ? { ...message, text: shown.text } : message;
}

/** Of one that this device does not hold (yet). */
function isSettled({ id, conversation, stamp, arrivedAt }: Told, { settled }: ShownNowComponents): boolean {
  const state = settled(conversation).reduce(reduceTimeline, emptyTimeline(conversation));
  const at = { ...(stamp && { stamp }), ...(arrivedAt !== undefined && { arrivedAt }) };
  return state.hidden.has(id) || isCleared(state, at);
}
