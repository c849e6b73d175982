// What the search index knows of what is held, over ends of the client: a crash takes what was not yet written to it, and what is to be
// found no more may be in what was. So both are noted before the cache changes, until the index is written.
//
//   cache records, area 'unindexed', name conversation: the lowest place of those that are not yet in the written index
//                  area 'unfindable', name conversation/number: places that are to leave it, each of 54 characters
import { type ConversationId, parseConversationId } from '../../realm/ids.ts';
import { type ClientCache, type Place, placeOf } from '../cache/cache.ts';
import type { SearchIndex } from '../search/search-index.ts';
import type { OpenedEvent } from '../timeline/events.ts';

/** Events read at a time when the index is mended. */
const PAGE = 500;
const MARKS = 'unindexed';
const UNFINDABLE = 'unfindable';
const utf8 = new TextEncoder();

export interface FindableComponents {
  readonly cache: ClientCache;
  readonly index: SearchIndex;
  /** There is something to write. */
  readonly onChange: () => void;
}

export class Findable {
  readonly #parts: FindableComponents;
  /** The lowest place of each conversation that the written index does not cover. */
  readonly #marks = new Map<ConversationId, Place>();
  /** Names of the records of what is to be found no more. */
  readonly #unfindable = new Set<string>();

  constructor(components: FindableComponents) {
    this.#parts = components;
  }

  /** What an earlier run put into the cache and did not index, or erased there and not here. */
  async open(): Promise<void> {
    const { cache, index, onChange } = this.#parts;
    for (const [name, mark] of await cache.records(MARKS)) {
      const conversation = parseConversationId(name);
      const lowest = new TextDecoder().decode(mark);
      this.#marks.set(conversation, lowest);
      for await (const events of eventsDownTo(cache, conversation, lowest)) index.add(conversation, textsOf(events));
    }
    for (const [name, places] of await cache.records(UNFINDABLE)) {
      this.#unfindable.add(name);
      index.forget(parseConversationId(name.split('/')[0] ?? ''), placesIn(places));
    }
    if (this.#marks.size + this.#unfindable.size > 0) onChange();
  }

  /** Before these are held. */
  async mark(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<void> {
    const [lowest] = textsOf(events)
      .map(({ place }) => place)
      .sort();
    const marked = this.#marks.get(conversation);
    if (lowest === undefined || (marked !== undefined && marked <= lowest)) return;
    await this.#parts.cache.setRecords(MARKS, new Map([[conversation, utf8.encode(lowest)]]));
    this.#marks.set(conversation, lowest);
  }

  /** Once they are held. */
  add(conversation: ConversationId, events: readonly OpenedEvent[]): void {
    const texts = textsOf(events);
    this.#parts.index.add(conversation, texts);
    if (texts.length > 0) this.#parts.onChange();
  }

  /** Before these are erased, and of what went along with them afterwards. */
  async remove(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<void> {
    const { cache, index, onChange } = this.#parts;
    const places = events.flatMap((event) => placeOf(event) ?? []);
    const known = places.filter((place) => !index.isForgotten(conversation, place));
    if (known.length === 0) return;
    const name = `${conversation}/${this.#unfindable.size}`;
    await cache.setRecords(UNFINDABLE, new Map([[name, utf8.encode(known.join(''))]]));
    this.#unfindable.add(name);
    index.forget(conversation, known);
    onChange();
  }

  /** Writes the index; what comes later is noted anew. */
  async write(): Promise<void> {
    const { cache, index } = this.#parts;
    await index.flush();
    const [forgotten, marked] = [[...this.#unfindable], [...this.#marks.keys()]];
    if (forgotten.length > 0) await cache.setRecords(UNFINDABLE, new Map(forgotten.map((name) => [name, undefined])));
    this.#unfindable.clear();
    if (marked.length > 0) await cache.setRecords(MARKS, new Map(marked.map((id) => [id, undefined])));
    this.#marks.clear();
  }
}

function placesIn(bytes: Uint8Array): readonly Place[] {
  return new TextDecoder().decode(bytes).match(/.{54}/g) ?? [];
}

/** What can be searched for: what people wrote, under the place where it stands. */
function textsOf(events: readonly OpenedEvent[]) {
  return events.flatMap((event) => {
    const place = placeOf(event);
    const text = searchableText(event);
    return place !== undefined && text !== '' ? [{ place, text }] : [];
  });
}

export function searchableText({ content }: OpenedEvent): string {
  switch (content?.kind) {
    case 'text':
    case 'edit':
      return content.text;
    case 'forward':
      return `${content.text} ${content.file?.name ?? ''}`.trim();
    case 'file':
      return `${content.file.name} ${content.text ?? ''}`.trim();
    default:
      return '';
  }
}

export async function* eventsDownTo(cache: ClientCache, conversation: ConversationId, lowest: Place, end?: Place) {
  for (let before = end; ; ) {
    const page = await cache.page(conversation, { limit: PAGE, ...(before !== undefined && { before }) });
    const events = page.events.filter((event) => (placeOf(event) ?? '') >= lowest);
    yield events;
    before = page.before;
    if (before === undefined || events.length < page.events.length) return;
  }
}
