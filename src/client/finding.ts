// Search over what this device holds: the index names places, the cache says what stands there now.
import type { RosterKind } from '../crypto/roster.ts';
import type { Clock } from '../realm/clock.ts';
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import type { ClientCache, Place } from './cache/cache.ts';
import type { SearchIndex, SearchOptions } from './search/search-index.ts';
import { askedTerms, says } from './search/terms.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction } from './timeline/state.ts';
import { viewTimeline } from './timeline/view.ts';

export interface SearchHit {
  readonly conversation: ConversationId;
  /** The message that says so; of an edit the one that was edited. */
  readonly id: MessageId;
  readonly sender: UserId;
  readonly text: string;
  readonly sentAt: number;
  /** For the hits before this one. */
  readonly place: Place;
}

export interface FindingComponents {
  readonly index: SearchIndex;
  readonly cache: Pick<ClientCache, 'page'>;
  readonly me: UserId;
  readonly kindOf: (conversation: ConversationId) => Promise<RosterKind>;
  /** What the user has hidden or cleared. */
  readonly settled: (conversation: ConversationId) => readonly TimelineAction[];
  readonly clock: Pick<Clock, 'now'>;
}

/** Newest first. What was deleted or edited away since is left out. */
export async function findMessages(
  question: string,
  options: SearchOptions,
  parts: FindingComponents,
): Promise<readonly SearchHit[]> {
  const asked = askedTerms(question);
  const found = parts.index.search(question, options);
  const hits = await Promise.all(found.map(({ conversation, place }) => hitAt(conversation, place, asked, parts)));
  return hits.flatMap((hit) => hit ?? []);
}

async function hitAt(
  conversation: ConversationId,
  place: Place,
  asked: readonly string[],
  { cache, me, kindOf, settled, clock }: FindingComponents,
): Promise<SearchHit | undefined> {
  // The newest entry at or before the place; nothing sorts between a place and itself with a letter behind.
  const { events, about, receipts } = await cache.page(conversation, { before: `${place}g`, limit: 1 });
  const [event] = events;
  if (!event) return undefined;
  const { sender, content } = event;
  if (content?.kind === 'edit') {
    return { conversation, id: content.target, sender, text: content.text, sentAt: content.sentAt, place };
  }
  const actions = [{ kind: 'events', events: [event, ...about] } as const, { kind: 'receipts', receipts } as const];
  const state = [...actions, ...settled(conversation)].reduce(reduceTimeline, emptyTimeline(conversation));
  const view = viewTimeline(state, { user: me, kind: await kindOf(conversation), now: clock.now() });
  const shown = view.items.find((item) => item.id === event.id);
  if (shown?.kind !== 'message' || shown.deletedBy !== undefined) return undefined;
  const text = [shown.text, shown.file?.name].filter((part) => part !== undefined).join(' ');
  if (!says(text, asked)) return undefined;
  return { conversation, id: event.id, sender, text, sentAt: shown.sentAt, place };
}
