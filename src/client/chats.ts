// Conversations that are shown: timelines that are loaded page by page, newest first, from what this device holds, and kept up to date
// with what comes and what is sent.
import type { RosterKind } from '../crypto/roster.ts';
import type { Clock } from '../realm/clock.ts';
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import type { ClientCache, Place } from './cache/cache.ts';
import { eventsDownTo } from './sync/findable.ts';
import type { OpenedEvent, Receipt } from './timeline/events.ts';
import { LiveTimeline } from './timeline/live-view.ts';
import type { TimelineAction } from './timeline/state.ts';
import type { ShownItem, Timeline } from './timeline/view.ts';

/** Events of one page. */
/** Events that are read at once; at first no more than a screen or two, so that it stands there soon. */
const PAGE = { first: 40, next: 100 } as const;

export interface OpenTimeline {
  readonly conversation: ConversationId;
  /** As it is now; the same until the next change. */
  view(): Timeline;
  /** A message as the last view shows it, or a line that is one event. */
  item(id: MessageId): ShownItem | undefined;
  /** Loads the page before; false when this device holds nothing older. */
  older(): Promise<boolean>;
  onChange(listener: () => void): () => void;
  close(): void;
}

export interface ChatsComponents {
  readonly cache: ClientCache;
  readonly me: UserId;
  readonly clock: Pick<Clock, 'now'>;
  /** Undefined as long as no key of it is here. */
  readonly kindOf: (conversation: ConversationId) => Promise<RosterKind | undefined>;
  /** What the user's other devices have settled: read marks, what was hidden or cleared. */
  readonly settled: (conversation: ConversationId) => readonly TimelineAction[];
  /** What waits here to be sent. */
  readonly unsent: (conversation: ConversationId) => readonly OpenedEvent[];
}

export class Chats {
  readonly #parts: ChatsComponents;
  readonly #open = new Map<ConversationId, Set<Shown>>();

  constructor(components: ChatsComponents) {
    this.#parts = components;
  }

  /** The newest page of a conversation. @throws LocalError `cache-damaged` */
  async timeline(conversation: ConversationId): Promise<OpenTimeline> {
    const shown = new Shown(conversation, await this.#parts.kindOf(conversation), this.#parts, () => {
      this.#open.get(conversation)?.delete(shown);
    });
    const open = this.#open.get(conversation) ?? new Set();
    this.#open.set(conversation, open.add(shown));
    await shown.older();
    shown.take([...this.#parts.settled(conversation), { kind: 'events', events: this.#parts.unsent(conversation) }]);
    return shown;
  }

  /** How long what is said now stays once it is read, in milliseconds; 0 for always. @throws LocalError `cache-damaged` */
  async timerOf(conversation: ConversationId): Promise<number> {
    const shown = await this.timeline(conversation);
    const { timer } = shown.view();
    shown.close();
    return timer;
  }

  /** As this device holds it. */
  async event(conversation: ConversationId, id: MessageId): Promise<OpenedEvent | undefined> {
    for await (const events of eventsDownTo(this.#parts.cache, conversation, '')) {
      const found = events.find((event) => event.id === id);
      if (found) return found;
    }
    return undefined;
  }

  /** As far back as messages are unread. `most`: the server's count, which is never too low; it stands while too little is held here. */
  async unread(conversation: ConversationId, most: number): Promise<{ unread: number; firstUnread?: MessageId }> {
    const shown = await this.timeline(conversation);
    try {
      let before = -1;
      while (shown.view().unread > before && shown.view().unread < most) {
        before = shown.view().unread;
        if (!(await shown.older())) break;
      }
      const { unread, firstUnread, items } = shown.view();
      if (items.length === 0) return { unread: most };
      return { unread, ...(firstUnread && { firstUnread }) };
    } finally {
      shown.close();
    }
  }

  take(conversation: ConversationId, ...actions: readonly TimelineAction[]): void {
    for (const shown of this.#open.get(conversation) ?? []) shown.take(actions);
  }

  events(events: readonly OpenedEvent[]): void {
    for (const event of events) this.take(event.conversation, { kind: 'events', events: [event] });
  }

  receipts(conversation: ConversationId, receipts: readonly Receipt[]): void {
    this.take(conversation, { kind: 'receipts', receipts });
  }
}

class Shown implements OpenTimeline {
  readonly conversation: ConversationId;
  #kind: RosterKind | undefined;
  readonly #parts: ChatsComponents;
  readonly #onClose: () => void;
  readonly #listeners = new Set<() => void>();
  readonly #live: LiveTimeline;
  #before: Place | undefined;
  #isAtBeginning = false;

  constructor(conversation: ConversationId, kind: RosterKind | undefined, parts: ChatsComponents, onClose: () => void) {
    this.conversation = conversation;
    this.#kind = kind;
    this.#parts = parts;
    this.#onClose = onClose;
    this.#live = new LiveTimeline(conversation, parts.me, kind ?? 'direct');
  }

  view(): Timeline {
    return this.#live.view(this.#parts.clock.now());
  }

  item(id: MessageId): ShownItem | undefined {
    return this.#live.item(id);
  }

  async older(): Promise<boolean> {
    if (this.#isAtBeginning) return false;
    const from = this.#before === undefined ? { limit: PAGE.first } : { before: this.#before, limit: PAGE.next };
    const page = await this.#parts.cache.page(this.conversation, from);
    this.#before = page.before;
    this.#isAtBeginning = page.before === undefined;
    this.take([
      { kind: 'events', events: [...page.events, ...page.about] },
      { kind: 'receipts', receipts: page.receipts },
      { kind: 'lines', lines: page.lines },
    ]);
    return page.events.length > 0;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#onClose();
  }

  take(actions: readonly TimelineAction[]): void {
    for (const action of actions) this.#live.take(action);
    this.#changed();
    // The keys that came with the first events say what it is.
    if (this.#kind === undefined) void this.#learnKind();
  }

  async #learnKind(): Promise<void> {
    // What is damaged is told where it is shown; here it stays unknown.
    const kind = await this.#parts.kindOf(this.conversation).catch(() => undefined);
    if (kind === undefined || this.#kind !== undefined) return;
    this.#kind = kind;
    this.#live.become(kind);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
