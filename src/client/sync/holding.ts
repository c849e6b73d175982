// Puts what was opened into the cache and the search index. A device without room goes on showing what comes: what could not be
// stored waits in memory and is tried again with the next; until it is stored the cursor must not pass it.
//
// What is held is noted first where it must not stay (personal/disappearing.ts), and what goes is told, so that it goes from everywhere
// else, too. An erasure that finds no room waits like what is to be stored.
import type { Clock, Timer } from '../../realm/clock.ts';
import { codeOf } from '../../realm/errors.ts';
import type { ConversationId } from '../../realm/ids.ts';
import { type Additions, type ClientCache, changesOf, placeAt, placeOf } from '../cache/cache.ts';
import type { SearchIndex } from '../search/search-index.ts';
import { erased, isErased, type OpenedEvent } from '../timeline/events.ts';
import { eventsDownTo, Findable } from './findable.ts';

/** Milliseconds after which the index is written. */
const FLUSH_PAUSE = 5_000;
/** Milliseconds after which what waits for room is tried again, though nothing new came. */
const RETRY_PAUSE = 5_000;
/** Events that wait for room; beyond that they are left to the server, which has them. */
const MAX_WAITING = 5_000;
/** What a group goes on having, however old it is. */
const LASTING: ReadonlySet<string> = new Set(['profile', 'timer', 'pin']);

export interface HoldingComponents {
  readonly cache: ClientCache;
  readonly index: SearchIndex;
  readonly clock: Pick<Clock, 'after'>;
  /** Told once for each time that it begins: `cache-full`, `cache-failed`, `cache-damaged`. */
  readonly onTrouble: (code: string) => void;
  /** What could not be stored is stored now. */
  readonly onOver?: () => void;
  /** Events that are to be held: what has to be known of them is durable when it resolves, before they are. Rejects for want of room. */
  readonly note?: (events: readonly OpenedEvent[]) => Promise<void>;
  /** They are held now, as far as they are not gone. */
  readonly onHeld?: (events: readonly OpenedEvent[]) => void;
  /** Deleted by the user for himself: held without what it says. */
  readonly isHidden?: (event: OpenedEvent) => boolean;
  /** Gone from the cache and the search; once more when it rejects. Must not wait for anything to be held. */
  readonly onGone?: (conversation: ConversationId, events: readonly OpenedEvent[], how: Going) => Promise<void>;
}

/** `erased`: what it said is over; `removed`: this device holds it no more. */
export type Going = 'erased' | 'removed';

/** Waits for its turn, or for room. */
interface Work {
  readonly conversation: ConversationId;
  readonly additions?: Additions;
  readonly erased?: readonly OpenedEvent[];
  /** What is gone by it, once the cache has done it. */
  gone?: readonly OpenedEvent[];
  isDone?: boolean;
}

export class Holding {
  readonly #parts: HoldingComponents;
  readonly #waiting: Work[] = [];
  readonly #findable: Findable;
  #work: Promise<void> = Promise.resolve();
  #flush: Timer | undefined;
  #retry: Timer | undefined;
  #isTroubled = false;
  #hasDropped = false;

  constructor(components: HoldingComponents) {
    this.#parts = components;
    this.#findable = new Findable({ ...components, onChange: () => this.#flushLater() });
  }

  open(): Promise<void> {
    return this.#findable.open();
  }

  /** Resolves when it is stored, or waits for room: never rejects. With those of the events that say nothing here any more. */
  async hold(conversation: ConversationId, additions: Additions): Promise<readonly OpenedEvent[]> {
    const work: Work = { conversation, additions };
    this.#waiting.push(work);
    await this.#inTurn(() => this.#store());
    return work.gone ?? [];
  }

  /** Whether everything that was given is stored, so that the cursor may be. */
  async isStored(): Promise<boolean> {
    await this.#work;
    return this.#waiting.length === 0 && !this.#hasDropped;
  }

  /** Taken back, or disappeared, with what was changed in it. Never rejects; false: it waits for room. */
  async erase(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<boolean> {
    const waits = this.#waiting.find((one) => {
      return (
        one.conversation === conversation &&
        one.erased &&
        events.every(({ id }) => one.erased?.some((known) => known.id === id))
      );
    });
    const work: Work = waits ?? { conversation, erased: events };
    if (!waits) this.#waiting.push(work);
    await this.#inTurn(() => this.#store());
    return work.isDone ?? false;
  }

  /** The user deleted the history that had arrived by then; what names the group and sets its timer stays. */
  clear(conversation: ConversationId, upTo: number): Promise<void> {
    const isGone = ({ arrivedAt, stamp, content }: OpenedEvent) =>
      (arrivedAt ?? stamp?.ms ?? 0) <= upTo && content?.kind !== 'profile' && content?.kind !== 'timer';
    return this.#inTurn(async () => {
      for await (const events of eventsDownTo(this.#parts.cache, conversation, '')) {
        await this.#remove(conversation, events.filter(isGone));
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
        await this.#remove(conversation, gone);
      }
    });
    return count;
  }

  async #remove(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#findable.remove(conversation, events);
    const gone = await this.#parts.cache.remove(conversation, events);
    await this.#findable.remove(conversation, gone);
    await this.#parts.onGone?.(conversation, gone, 'removed');
  }

  /** Nothing more is expected for now: what waits to be written is written at once. */
  rest(): void {
    if (!this.#flush) return;
    this.#flush.cancel();
    this.#flush = undefined;
    void this.#inTurn(() => this.#findable.write());
  }

  /** Writes the index; what comes later is marked anew. */
  async close(): Promise<void> {
    this.#flush?.cancel();
    this.#flush = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
    await this.#inTurn(() => this.#findable.write());
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
        await this.#do(next);
        this.#waiting.shift();
      }
    } catch (error) {
      // Nobody reads there any more; what is to be held may find room elsewhere.
      if (codeOf(error) === 'cache-damaged' && this.#waiting[0]?.erased) this.#waiting.shift();
      throw error;
    } finally {
      if (this.#waiting.length > MAX_WAITING) {
        this.#waiting.splice(0, this.#waiting.length - MAX_WAITING);
        this.#hasDropped = true;
      }
    }
  }

  async #do(work: Work): Promise<void> {
    const { conversation, additions } = work;
    work.gone ??= additions
      ? await this.#put(conversation, additions)
      : await this.#erase(conversation, work.erased ?? []);
    if (work.gone.length > 0) {
      await this.#findable.remove(conversation, work.gone);
      await this.#parts.onGone?.(conversation, work.gone, 'erased');
    }
    work.isDone = true;
    if (additions?.events) this.#parts.onHeld?.(additions.events);
  }

  async #erase(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]> {
    await this.#findable.remove(conversation, await this.#withEdits(events));
    return this.#parts.cache.erase(conversation, events);
  }

  async #put(conversation: ConversationId, additions: Additions): Promise<readonly OpenedEvent[]> {
    const { cache, note, isHidden } = this.#parts;
    const { events: given = [] } = additions;
    await note?.(given);
    const hidden = new Set(given.filter((event) => event.content && isHidden?.(event)));
    const events = given.map((event) => (hidden.has(event) ? erased(event) : event));
    await this.#findable.remove(conversation, await this.#endedBy(conversation, events));
    await this.#findable.mark(conversation, events);
    const gone = await cache.put(conversation, { ...additions, events });
    const over = new Set(gone.map(({ id, sender }) => id + sender));
    this.#findable.add(
      conversation,
      events.filter(({ id, sender }) => !over.has(id + sender)),
    );
    return [...gone, ...hidden];
  }

  /** What is held with something to say, and is erased by these. */
  async #endedBy(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]> {
    const held: OpenedEvent[] = [];
    for (const event of events) {
      const place = isErased(event) ? placeOf(event) : undefined;
      const known = place === undefined ? undefined : await this.#parts.cache.at(conversation, place);
      if (known?.content && known.sender === event.sender) held.push(known);
    }
    return this.#withEdits(held);
  }

  /** What the cache will take along. */
  async #withEdits(events: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]> {
    const edits = await Promise.all(events.map((event) => changesOf(this.#parts.cache, event)));
    return [...events, ...edits.flat()];
  }

  #flushLater(): void {
    this.#flush ??= this.#parts.clock.after(FLUSH_PAUSE, () => {
      this.#flush = undefined;
      void this.#inTurn(() => this.#findable.write());
    });
  }
}
