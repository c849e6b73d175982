// A timeline that is looked at while much happens in it: the same as reducing all actions (state.ts) and viewing the state (view.ts),
// at the cost of what changed. What says the same stays the same object.
import type { RosterKind } from '../../crypto/roster.ts';
import type { ConversationId, MessageId, UserId } from '../../realm/ids.ts';
import type { OpenedEvent, ReadMark, Receipt, SystemLine } from './events.ts';
import { LiveEffects } from './live-effects.ts';
import { LiveOrder } from './live-order.ts';
import { byStamp } from './order.ts';
import { counts } from './rights.ts';
import { isSame } from './same.ts';
import { emptyTimeline, mergedEvent, type TimelineAction, withRead, withReceipt } from './state.ts';
import {
  besideMessages,
  latestOf,
  type Onlooker,
  type ShownItem,
  type ShownLine,
  type ShownMessage,
  shownEvent,
  shownLines,
  type Timeline,
} from './view.ts';

/** The state, changed in its place. */
class State {
  readonly conversation: ConversationId;
  readonly events = new Map<MessageId, OpenedEvent>();
  readonly receipts = new Map<MessageId, ReturnType<typeof withReceipt>>();
  reads: readonly ReadMark[];
  readonly lines = new Map<string, SystemLine>();
  readonly hidden = new Set<MessageId>();
  readonly gone = new Set<MessageId>();
  clearedUpTo: number;

  constructor(conversation: ConversationId) {
    const { reads, clearedUpTo } = emptyTimeline(conversation);
    this.conversation = conversation;
    this.reads = reads;
    this.clearedUpTo = clearedUpTo;
  }
}

export class LiveTimeline {
  readonly #state: State;
  readonly #user: UserId;
  #kind: RosterKind;
  #now = 0;
  readonly #order = new LiveOrder<ShownItem>();
  readonly #effects = new LiveEffects();
  readonly #heads = new Map<MessageId, OpenedEvent>();
  readonly #unread = new Map<MessageId, ShownMessage>();
  readonly #expiries = new Map<MessageId, number>();
  /** When those arrived that disappear after reading. */
  readonly #fleeting = new Map<MessageId, number>();
  /** Events that came or changed since the last look, as they were then. */
  readonly #touched = new Map<MessageId, OpenedEvent | undefined>();
  /** What may have to be shown otherwise. */
  readonly #stale = new Set<MessageId>();
  #lines: readonly ShownLine[] = [];
  #items: readonly ShownItem[] = [];
  #hasOtherItems = false;
  #view: Timeline | undefined;

  constructor(conversation: ConversationId, user: UserId, kind: RosterKind) {
    this.#state = new State(conversation);
    this.#user = user;
    this.#kind = kind;
  }

  take(action: TimelineAction): void {
    this.#view = undefined;
    const state = this.#state;
    switch (action.kind) {
      case 'events':
        for (const event of action.events) if (event.conversation === state.conversation) this.#event(event);
        return;
      case 'receipts':
        for (const receipt of action.receipts) this.#receipt(receipt);
        return;
      case 'read':
        return this.#read(action.mark);
      case 'lines':
        for (const line of action.lines) state.lines.set(line.id, line);
        return this.#line();
      case 'hidden':
        for (const id of action.ids) this.#hide(id);
        return;
      case 'gone':
        for (const id of action.ids) this.#gone(id);
        return;
      case 'cleared':
        state.clearedUpTo = Math.max(state.clearedUpTo, action.upTo);
        this.#line();
        return this.#allStale();
    }
  }

  become(kind: RosterKind): void {
    if (kind === this.#kind) return;
    this.#kind = kind;
    this.#view = undefined;
    this.#effects.touchAll();
    this.#allStale();
  }

  /** As it is shown: a message or a line that is one event. */
  item(id: MessageId): ShownItem | undefined {
    return this.#order.get(id)?.item;
  }

  view(now: number): Timeline {
    this.#pass(now);
    this.#view ??= this.#look();
    return this.#view;
  }

  #event(event: OpenedEvent): void {
    const { events, gone } = this.#state;
    const known = events.get(event.id);
    if (!this.#touched.has(event.id)) this.#touched.set(event.id, known);
    events.set(event.id, mergedEvent(known, event, gone));
  }

  #receipt(receipt: Receipt): void {
    const { receipts } = this.#state;
    receipts.set(receipt.id, withReceipt(receipts.get(receipt.id), receipt));
    this.#stale.add(receipt.id);
  }

  #gone(id: MessageId): void {
    const { events, gone } = this.#state;
    gone.add(id);
    const known = events.get(id);
    if (known) this.#event(known);
  }

  #hide(id: MessageId): void {
    this.#state.hidden.add(id);
    this.#stale.add(id);
  }

  /** What it covers and no mark before it did is read now; what was unread may be. */
  #read(mark: ReadMark): void {
    const before = this.#state.reads;
    this.#state.reads = withRead(before, mark);
    if (this.#state.reads === before) return;
    const at = this.#state.reads.indexOf(mark);
    const covered = this.#state.reads[at - 1]?.arrivedAt ?? 0;
    const isCovered = (arrivedAt = 0) => arrivedAt <= mark.arrivedAt;
    for (const [id, { arrivedAt }] of this.#unread) if (isCovered(arrivedAt)) this.#stale.add(id);
    for (const [id, arrivedAt] of this.#fleeting) if (isCovered(arrivedAt) && arrivedAt >= covered) this.#stale.add(id);
  }

  #line(): void {
    this.#lines = shownLines(this.#state.lines, this.#state.clearedUpTo);
    this.#hasOtherItems = true;
  }

  #allStale(): void {
    for (const id of this.#state.events.keys()) this.#stale.add(id);
  }

  /** What has disappeared meanwhile; a clock that was set back brings it again. */
  #pass(now: number): void {
    if (now < this.#now) this.#allStale();
    for (const [id, at] of this.#expiries) if (at <= now) this.#stale.add(id);
    this.#now = now;
    if (this.#stale.size > 0) this.#view = undefined;
  }

  #look(): Timeline {
    this.#arrange();
    for (const id of this.#stale) this.#show(id);
    this.#stale.clear();
    if (this.#hasOtherItems) this.#gather();
    const { name, picture, timer, deleted } = this.#effects;
    const unread = [...this.#unread.values()];
    const first = unread.reduce<ShownMessage | undefined>((a, b) => (a && this.#isBefore(a, b) ? a : b), undefined);
    const nextExpiry = [...this.#expiries.values()].reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const pinned = this.#effects.pinnedInOrder({ rankOf: (id) => this.#order.rankOf(id) });
    return {
      items: this.#items,
      unread: unread.length,
      unreadMentions: unread.filter((item) => item.mentionsMe).length,
      ...(first && { firstUnread: first.id }),
      pinned: pinned.filter((id) => this.item(id) && !deleted.has(id)),
      ...(name !== undefined && { name }),
      ...(picture && { picture }),
      timer,
      heads: latestOf([...this.#heads.values()]),
      ...(nextExpiry < Number.POSITIVE_INFINITY && { nextExpiry }),
    };
  }

  /** Gives what came its place, and finds out what it does to others. */
  #arrange(): void {
    const { events } = this.#state;
    const [gone, fresh]: [OpenedEvent[], OpenedEvent[]] = [[], []];
    for (const [id, before] of this.#touched) {
      const event = events.get(id);
      if (!event) continue;
      if (!before || byStamp(before, event) !== 0 || !isSame(before.content?.after ?? [], event.content?.after ?? [])) {
        if (before) gone.push(before);
        fresh.push(event);
      }
      if (event.content && 'expiresAfter' in event.content) this.#fleeting.set(id, event.arrivedAt ?? 0);
      if (before) this.#effects.touch(before, false);
      this.#effects.touch(event, true);
      this.#stale.add(id);
    }
    this.#touched.clear();
    if (fresh.length > 0) {
      this.#hasOtherItems = true;
      for (const { id } of this.#order.change(gone, fresh, events)) {
        const moved = events.get(id);
        if (moved) this.#effects.touch(moved, true);
      }
      for (const event of [...gone, ...fresh]) this.#head(event);
    }
    const sources = { events, kind: this.#kind, rankOf: (id: MessageId) => this.#order.rankOf(id) };
    for (const id of this.#effects.settle(sources)) this.#stale.add(id);
  }

  /** Whether it, and what it names as seen, is seen by something now. */
  #head({ id, content }: OpenedEvent): void {
    for (const one of [id, ...(content?.after ?? [])]) {
      const event = this.#state.events.get(one);
      if (event && !this.#order.isSeen(one)) this.#heads.set(one, event);
      else this.#heads.delete(one);
    }
  }

  #show(id: MessageId): void {
    const event = this.#state.events.get(id);
    const placed = this.#order.get(id);
    if (!event || !placed) return;
    const onlooker: Onlooker = { user: this.#user, kind: this.#kind, now: this.#now };
    const [item] = counts(this.#kind, event) ? shownEvent(this.#state, event, this.#effects, onlooker) : [];
    if (item && placed.item && isSame(placed.item, item)) return;
    if (item || placed.item) this.#hasOtherItems = true;
    placed.item = item;
    const message = item?.kind === 'message' ? item : undefined;
    if (message?.unread) this.#unread.set(id, message);
    else this.#unread.delete(id);
    if (message?.expiresAt) this.#expiries.set(id, message.expiresAt);
    else this.#expiries.delete(id);
  }

  #gather(): void {
    const messages: ShownItem[] = [];
    for (const { item } of this.#order.list) if (item) messages.push(item);
    this.#hasOtherItems = false;
    this.#items = besideMessages(messages, this.#lines);
  }

  #isBefore(a: ShownMessage, b: ShownMessage): boolean {
    return this.#order.rankOf(a.id) < this.#order.rankOf(b.id);
  }
}
