// Search over what this device holds: the index names places, the cache says what stands there now.
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import { type CachedPage, type ClientCache, type Place, pageOfOne } from './cache/cache.ts';
import type { SearchIndex, SearchOptions } from './search/search-index.ts';
import { askedTerms, says } from './search/terms.ts';
import { type ShownNowComponents, shownNow } from './shown-now.ts';

export interface SearchHit {
  readonly conversation: ConversationId;
  /** The message that says so, by now. */
  readonly id: MessageId;
  readonly sender: UserId;
  readonly text: string;
  readonly sentAt: number;
  /** For the hits before this one. */
  readonly place: Place;
}

export interface FindingComponents extends ShownNowComponents {
  readonly index: SearchIndex;
  readonly cache: Pick<ClientCache, 'page' | 'find'>;
}

/** Newest first. What was deleted or edited away since is left out. */
export async function findMessages(
  question: string,
  options: SearchOptions,
  parts: FindingComponents,
): Promise<readonly SearchHit[]> {
  const asked = askedTerms(question);
  const found = parts.index.search(question, options);
  const hits = await Promise.all(found.map((one) => hitAt(one, asked, parts)));
  return once(hits.flatMap((hit) => hit ?? []));
}

/** A message is found by what it said first and by each change of it, and said once. */
function once(hits: readonly SearchHit[]): readonly SearchHit[] {
  const known = new Set<string>();
  return hits.filter(({ conversation, id, sender }) => {
    const name = `${conversation}/${id}/${sender}`;
    if (known.has(name)) return false;
    known.add(name);
    return true;
  });
}

async function hitAt(
  { conversation, place }: Pick<SearchHit, 'conversation' | 'place'>,
  asked: readonly string[],
  parts: FindingComponents,
): Promise<SearchHit | undefined> {
  const page = await meantAt(conversation, place, parts);
  const [event] = page?.events ?? [];
  if (!page || !event) return undefined;
  const shown = await shownNow(event, page, parts);
  if (!shown || shown.deletedBy !== undefined) return undefined;
  const text = [shown.text, shown.file?.name].filter((part) => part !== undefined).join(' ');
  if (!says(text, asked)) return undefined;
  return { conversation, id: event.id, sender: event.sender, text, sentAt: shown.sentAt, place };
}

/** What stands there; of a change the message that its author changed by it, which says what becomes of it. */
async function meantAt(
  conversation: ConversationId,
  place: Place,
  { cache }: FindingComponents,
): Promise<CachedPage | undefined> {
  // The newest entry at or before the place; nothing sorts between a place and itself with a letter behind.
  const page = await cache.page(conversation, { before: `${place}g`, limit: 1 });
  const [event] = page.events;
  if (event?.content?.kind !== 'edit') return page;
  const [target] = await cache.find(conversation, [{ id: event.content.target, sender: event.sender }]);
  return target?.stamp && pageOfOne(cache, { ...target, stamp: target.stamp });
}
