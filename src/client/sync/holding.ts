// Puts what was opened into the cache and the search index. A device without room goes on showing what comes: what could not be
// stored waits in memory and is tried again with the next; until it is stored the cursor must not pass it.
//
// A mark says which conversations have events that are not yet in the written index: after a crash they are read again.
import type { Clock, Timer } from '../../realm/clock.ts';
import { codeOf } from '../../realm/errors.ts';
import { type ConversationId, parseConversationId } from '../../realm/ids.ts';
import { type Additions, type ClientCache, type Place, placeAt, placeOf } from '../cache/cache.ts';
import type { SearchIndex } from '../search/search-index.ts';
import type { OpenedEvent } from '../timeline/events.ts';

/** Milliseconds after which the index is written. */
const FLUSH_PAUSE = 5_000;
/** Milliseconds after which what waits for room is tried again, though nothing new came. */
const RETRY_PAUSE = 5_000;
/** Events that wait for room; beyond that they are left to the server, which has them. */
const MAX_WAITING = 5_000;
/** Events read at a time when the index is mended. */
const PAGE = 500;
const MARKS = 'unindexed';
/** What a group goes on having, however old it is. */
const LASTING: ReadonlySet<string> = new Set(['profile', 'timer', 'pin']);
const utf8 = new TextEncoder();

export interface HoldingComponents {
  readonly cache: ClientCache;
  readonly index: SearchIndex;
  readonly clock: Pick<Clock, 'after'>;
  /** Told once for each time that it begins: `cache-full`, `cache-failed`, `cache-damaged`. */
  readonly onTrouble: (code: string) => void;
  /** What could not be stored is stored now. */
  readonly onOver?: () => void;
}

export class Holding {
  readonly #parts: HoldingComponents;
  readonly #waiting: [ConversationId, Additions][] = [];
  /** The lowest place of each conversation that the written index does not cover. */
  readonly #marks = new Map<ConversationId, Place>();
  #work: Promise<void> = Promise.resolve();
  #flush: Timer | undefined;
  #retry: Timer | undefined;
  #isTroubled = false;
  #hasDropped = false;

  constructor(components: HoldingComponents) {
    this.#parts = components;
  }

  /** What an earlier run put into the cache and did not index. */
  async open(): Promise<void> {
    const { cache, index } = this.#parts;
    for (const [name, mark] of await cache.records(MARKS)) {
      const conversation = parseConversationId(name);
      const lowest = new TextDecoder().decode(mark);
      this.#marks.set(conversation, lowest);
      for await (const events of eventsDownTo(cache, conversation, lowest)) index.add(conversation, textsOf(events));
    }
    if (this.#marks.size > 0) this.#flushLater();
  }

  /** Resolves when it is stored, or waits for room: never rejects. */
  hold(conversation: ConversationId, additions: Additions): Promise<void> {
    this.#waiting.push([conversation, additions]);
    return this.#inTurn(() => this.#store());
  }

  /** Whether everything that was given is stored, so that the cursor may be. */
  async isStored(): Promise<boolean> {
    await this.#work;
    return this.#waiting.length === 0 && !this.#hasDropped;
  }

  /** Taken back, or disappeared: what is said of it in search goes with it. */
  erase(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<void> {
    this.#unfindable(conversation, events);
    return this.#inTurn(async () => void (await this.#parts.cache.erase(conversation, events)));
  }

  /** The user deleted the history that had arrived by then; what names the group and sets its timer stays. */
  clear(conversation: ConversationId, upTo: number): Promise<void> {
    const { cache } = this.#parts;
    const isGone = ({ arrivedAt, stamp, content }: OpenedEvent) =>
      (arrivedAt ?? stamp?.ms ?? 0) <= upTo && content?.kind !== 'profile' && content?.kind !== 'timer';
    return this.#inTurn(async () => {
      for await (const events of eventsDownTo(cache, conversation, '')) {
        const gone = events.filter(isGone);
        this.#unfindable(conversation, gone);
        if (gone.length > 0) await cache.remove(conversation, gone);
      }
    });
  }

  /** The realm keeps nothing that is older; what names the group, sets its timer or is pinned stays. Resolves with how many went. */
  async expire(conversation: ConversationId, before: number): Promise<number> {
    let count = 0;
    await this.#inTurn(async () => {
      const end = placeAt({ ms: before, counter: 0 }, '');
      for await (const events of eventsDownTo(this.#parts.cache, conversation, '', end)) {
        const gone = events.filter(({ content }) => !LASTING.has(content?.kind ?? ''));
        count += gone.length;
        this.#unfindable(conversation, gone);
        if (gone.length > 0) await this.#parts.cache.remove(conversation, gone);
      }
    });
    return count;
  }

  #unfindable(conversation: ConversationId, events: readonly OpenedEvent[]): void {
    const places = events.flatMap((event) => placeOf(event) ?? []);
    this.#parts.index.forget(conversation, places);
    this.#flushLater();
  }

  /** Nothing more is expected for now: what waits to be written is written at once. */
  rest(): void {
    if (!this.#flush) return;
    this.#flush.cancel();
    this.#flush = undefined;
    void this.#inTurn(() => this.#write());
  }

  /** Writes the index; what comes later is marked anew. */
  async close(): Promise<void> {
    this.#flush?.cancel();
    this.#flush = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
    await this.#inTurn(() => this.#write());
  }

  /** What still works goes on; the trouble is told. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#work;
    this.#work = (async () => {
      await before;
      try {
        await work();
        this.#mended();
      } catch (error) {
        if (!this.#isTroubled) this.#parts.onTrouble(codeOf(error));
        this.#isTroubled = true;
        if (this.#waiting.length > 0) this.#tryLater();
      }
    })();
    return this.#work;
  }

  #mended(): void {
    if (!this.#isTroubled || this.#waiting.length > 0) return;
    this.#isTroubled = false;
    this.#parts.onOver?.();
  }

  #tryLater(): void {
    this.#retry ??= this.#parts.clock.after(RETRY_PAUSE, () => {
      this.#retry = undefined;
      void this.#inTurn(() => this.#store());
    });
  }

  async #store(): Promise<void> {
    try {
      for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
        await this.#put(...next);
        this.#waiting.shift();
      }
    } finally {
      if (this.#waiting.length > MAX_WAITING) {
        this.#waiting.splice(0, this.#waiting.length - MAX_WAITING);
        this.#hasDropped = true;
      }
    }
  }

  async #put(conversation: ConversationId, additions: Additions): Promise<void> {
    const { cache, index } = this.#parts;
    const texts = textsOf(additions.events ?? []);
    await this.#mark(
      conversation,
      texts.map(({ place }) => place),
    );
    await cache.put(conversation, additions);
    index.add(conversation, texts);
    if (texts.length > 0) this.#flushLater();
  }

  async #mark(conversation: ConversationId, places: readonly Place[]): Promise<void> {
    const [lowest] = [...places].sort();
    const marked = this.#marks.get(conversation);
    if (lowest === undefined || (marked !== undefined && marked <= lowest)) return;
    await this.#parts.cache.setRecords(MARKS, new Map([[conversation, utf8.encode(lowest)]]));
    this.#marks.set(conversation, lowest);
  }

  #flushLater(): void {
    this.#flush ??= this.#parts.clock.after(FLUSH_PAUSE, () => {
      this.#flush = undefined;
      void this.#inTurn(() => this.#write());
    });
  }

  async #write(): Promise<void> {
    const { cache, index } = this.#parts;
    await index.flush();
    const marked = [...this.#marks.keys()];
    if (marked.length === 0) return;
    await cache.setRecords(MARKS, new Map(marked.map((conversation) => [conversation, undefined])));
    for (const conversation of marked) this.#marks.delete(conversation);
  }
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
