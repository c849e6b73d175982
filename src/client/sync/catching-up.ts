// A device that is new, or was away for long, catches up by conversation, newest first: one page of each conversation, in the order of
// their last messages, then the next page of each, until what is held already is met. It stops and goes on at any page.
import type { FrameMessage } from '../../protocols/lan/wire.ts';
import type { ConversationId } from '../../realm/ids.ts';
import { type ClientCache, type Place, placeOf } from '../cache/cache.ts';
import { type OpenedEvent, withTombstones } from '../timeline/events.ts';
import type { Holding } from './holding.ts';
import { type Hole, Holes } from './holes.ts';

/** Events of one page. */
const PAGE = 200;
/**
 * Cache records: for each conversation the newest event when it was last looked at. Below it everything is held or in a hole; above
 * it may be gaps, also below what is held already: what comes live is held before anybody looks.
 */
const LOOKED = 'looked';
const utf8 = new TextEncoder();

export interface HistorySource {
  /** Conversations and their last messages. */
  heads(signal: AbortSignal): Promise<readonly { readonly id: ConversationId; readonly last?: FrameMessage }[]>;
  /** Newest first. */
  page(
    conversation: ConversationId,
    options: { readonly before: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<{ readonly events: readonly FrameMessage[]; readonly next?: string }>;
}

export interface CatchingUpComponents {
  readonly source: HistorySource;
  readonly cache: ClientCache;
  readonly holding: Pick<Holding, 'hold' | 'isStored'>;
  /** Opens; what can't be opened becomes an event with a problem. */
  readonly open: (message: FrameMessage) => Promise<OpenedEvent>;
  /** A page is held: timelines that show the conversation take it in, and what it deletes goes. It is looked at again where that ends. */
  readonly onHeld: (conversation: ConversationId, events: readonly OpenedEvent[]) => Promise<void>;
}

export class CatchingUp {
  readonly #parts: CatchingUpComponents;
  readonly #holes: Holes;
  readonly #looked = new Map<string, Place>();

  constructor(components: CatchingUpComponents) {
    this.#parts = components;
    this.#holes = new Holes(components.cache);
  }

  async open(): Promise<void> {
    await this.#holes.open();
    for (const [name, place] of await this.#parts.cache.records(LOOKED)) {
      this.#looked.set(name, new TextDecoder().decode(place));
    }
  }

  /** What came while this device was away has gaps: marks one in each conversation that has news since the last look. */
  async look(signal: AbortSignal): Promise<void> {
    const { source, cache } = this.#parts;
    for (const { id, last } of await source.heads(signal)) {
      const newest = last && placeOf(last);
      const until = this.#looked.get(id) ?? '';
      if (newest === undefined || newest === until) continue;
      if (this.#holes.newest(id)?.before !== '') await this.#holes.add(id, { before: '', until });
      await cache.setRecords(LOOKED, new Map([[id, utf8.encode(newest)]]));
      this.#looked.set(id, newest);
    }
  }

  /** The conversations that have gaps. */
  get unfinished(): readonly ConversationId[] {
    return this.#holes.conversations;
  }

  /** Fills the gaps, a page of each conversation in turn. `first`: the one that a person looks at. Resolves when nothing is missing. */
  async fill(signal: AbortSignal, first?: () => ConversationId | undefined): Promise<void> {
    for (let open = this.#holes.conversations; open.length > 0; open = this.#holes.conversations) {
      for (const conversation of open) {
        signal.throwIfAborted();
        const urgent = first?.();
        if (urgent && urgent !== conversation) await this.#fillPage(urgent, signal);
        await this.#fillPage(conversation, signal);
      }
      // Without room there is no use in going on: the gaps are written down.
      if (!(await this.#parts.holding.isStored())) return;
    }
  }

  async #fillPage(conversation: ConversationId, signal: AbortSignal): Promise<void> {
    const { source, holding, open, onHeld } = this.#parts;
    const hole = this.#holes.newest(conversation);
    if (!hole) return;
    const page = await source.page(conversation, { before: hole.before, limit: PAGE }, signal);
    const opened = await Promise.all(page.events.map(open));
    const events = withTombstones(opened);
    await holding.hold(conversation, { events });
    if (!(await holding.isStored())) return;
    await onHeld(conversation, events);
    await this.#holes.replace(conversation, narrowed(hole, opened, page.next));
  }
}

function narrowed(hole: Hole, page: readonly OpenedEvent[], next: string | undefined): Hole | undefined {
  const places = page.flatMap((event): Place[] => [placeOf(event) ?? '']).sort();
  const [lowest = ''] = places;
  if (next === undefined || (hole.until !== '' && lowest <= hole.until)) return undefined;
  return { before: next, until: hole.until };
}
