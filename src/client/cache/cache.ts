// What a client holds on its device: encrypted, in blocks, newest first, never all at once. What is put is there when the
// promise resolves; what fails leaves everything as it was.
//
// Rows of the engine (a conversation's name is hidden by HMAC, CacheKeys.name):
//   e<conversation>/<ms, counter, id>         events and lines in the order of their stamps (block-tree.ts)
//   a<conversation>/<target><e, id or f, user, state or c, sender or d, sender>     what is about an event: edits, deletions, reactions, receipts,
//                                             and that it is erased (erasing.ts); under the target of zeros what is about the conversation:
//                                             profile, timer, pins
//   n<area>/<name>                            named records, sealed as [name, value]
import type { Stamp } from '../../protocols/lan/wire.ts';
import type { ConversationId, MessageId, UserId } from '../../realm/ids.ts';
import type { OpenedEvent, Receipt, SystemLine } from '../timeline/events.ts';

/** Where an event stands in its conversation, for paging; opaque. */
export type Place = string;

export interface CachedPage {
  /** Newest first; what is about them comes with them, wherever it stands. */
  readonly events: readonly OpenedEvent[];
  readonly about: readonly OpenedEvent[];
  readonly receipts: readonly Receipt[];
  readonly lines: readonly SystemLine[];
  /** For the page before this one; undefined when nothing older is held. */
  readonly before?: Place;
}

export interface Additions {
  readonly events?: readonly OpenedEvent[];
  readonly receipts?: readonly Receipt[];
  readonly lines?: readonly SystemLine[];
}

/** By anybody, without a sender. */
export interface Sought {
  readonly id: MessageId;
  readonly sender?: UserId;
}

export interface ClientCache {
  /**
   * What is held already stays unless the new one is better: opened, or further on. Events without a stamp are not held.
   * Resolves with what says nothing here any more, as it said it: of the given what was erased before, or changes what was; of what was held
   * what the given end.
   */
  put(conversation: ConversationId, additions: Additions): Promise<readonly OpenedEvent[]>;
  /** @throws LocalError `cache-damaged` */
  page(conversation: ConversationId, options: { before?: Place; limit: number }): Promise<CachedPage>;
  /** The event of an id that has this place. */
  at(conversation: ConversationId, place: Place): Promise<OpenedEvent | undefined>;
  /** Wherever they stand; the last of an id. Reads as far as to them: the whole conversation where one is not. */
  find(conversation: ConversationId, sought: readonly Sought[]): Promise<readonly OpenedEvent[]>;
  /** With what was changed in it. Resolves with all that went. */
  remove(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]>;
  /** Content goes, and what others added to it; the place stays, and whose deletion it was. Resolves with all that went. */
  erase(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]>;
  /** Deletes everything of the conversation. */
  clear(conversation: ConversationId): Promise<void>;

  /** Small things by name: the cursor, drafts, the search index. */
  record(area: string, name: string): Promise<Uint8Array | undefined>;
  records(area: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /** All or nothing; undefined deletes. */
  setRecords(area: string, values: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>;

  /** Removes everything that this device holds. What is written from the call on leaves no trace, and no error. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0');
export const bare = (id: MessageId): string => id.replaceAll('-', '');

/** `id`: 32 hexadecimal digits. */
export function placeAt({ ms, counter }: Stamp, id: string): Place {
  return hex(ms, 14) + hex(counter, 8) + id;
}

/** What waits to be sent has none. */
export function placeOf({ id, stamp }: Pick<OpenedEvent, 'id' | 'stamp'>): Place | undefined {
  return stamp && placeAt(stamp, bare(id));
}

/** The page of one event alone, with what is about it; empty when nothing has its place. */
export async function pageOfOne(
  cache: Pick<ClientCache, 'page'>,
  { id, conversation, stamp }: Pick<OpenedEvent, 'id' | 'conversation'> & { readonly stamp: Stamp },
): Promise<CachedPage> {
  // Nothing sorts between a place and itself with a letter behind.
  const page = await cache.page(conversation, { before: `${placeAt(stamp, bare(id))}g`, limit: 1 });
  return page.events[0]?.id === id ? page : { events: [], about: [], receipts: [], lines: [] };
}

/** What the author of a message changed in it, in no order. */
export async function changesOf(cache: Pick<ClientCache, 'page'>, event: OpenedEvent): Promise<readonly OpenedEvent[]> {
  const { id, sender, stamp } = event;
  if (!stamp) return [];
  const { about } = await pageOfOne(cache, { ...event, stamp });
  return about.filter((one) => one.sender === sender && one.content?.kind === 'edit' && one.content.target === id);
}
