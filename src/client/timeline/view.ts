// What is shown of a conversation: a pure function of its state (state.ts), the reader and the time.
import type { FileCard } from '../../crypto/files/file-card.ts';
import type { RosterKind } from '../../crypto/roster.ts';
import type { Stamp } from '../../protocols/lan/wire.ts';
import type { DeviceId, MessageId, UserId } from '../../realm/ids.ts';
import { type Effects, effectsOf } from './effects.ts';
import type { MessageState, OpenedEvent, SystemLine } from './events.ts';
import { isErased, laterState } from './events.ts';
import { byStamp, inCausalOrder } from './order.ts';
import { disappearsAt, isCleared, isUnread } from './reading.ts';
import { counts } from './rights.ts';
import type { Reader, TimelineState } from './state.ts';

/** Milliseconds between a node's stamp and the arrival at the own node after which a message is told to be late. */
const LATE_AFTER = 120_000;
/** Heads that a new event names as its parents; content.ts has the limit. */
const MAX_HEADS = 16;

export interface Onlooker {
  readonly user: UserId;
  readonly kind: RosterKind;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface ShownReaction {
  readonly emoji: string;
  readonly users: readonly UserId[];
  readonly mine: boolean;
}

export interface ShownMessage {
  readonly kind: 'message';
  readonly id: MessageId;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly mine: boolean;
  readonly sentAt: number;
  readonly stamp?: Stamp;
  readonly arrivedAt?: number;
  /** Untrusted text of a person. Undefined of a tombstone, and of what can't be read. */
  readonly text?: string;
  readonly file?: FileCard;
  /** The forwarder's word. */
  readonly forwardedFrom?: { readonly author: UserId; readonly writtenAt: number };
  readonly replyTo?: MessageId;
  readonly thread?: MessageId;
  readonly mentions: readonly UserId[];
  readonly mentionsMe: boolean;
  readonly editedAt?: number;
  /** A tombstone, and whose. */
  readonly deletedBy?: UserId;
  readonly reactions: readonly ShownReaction[];
  readonly pinned: boolean;
  /** Milliseconds that it was on its way; only of what came late. */
  readonly late?: number;
  readonly expiresAt?: number;
  readonly unread: boolean;
  readonly state: MessageState;
  readonly readers: ReadonlyMap<UserId, Reader>;
  readonly problem?: string;
}

/** `joined`, `left`, … as SystemLine has them; `profile` and `timer` are changes of the conversation itself. */
export interface ShownLine {
  readonly kind: 'line';
  readonly id: string;
  readonly what: SystemLine['what'] | 'profile' | 'timer';
  readonly by?: UserId;
  readonly users: readonly UserId[];
  readonly at: number;
  readonly name?: string;
  readonly timer?: number;
}

export type ShownItem = ShownMessage | ShownLine;

export interface Timeline {
  /** Oldest first. */
  readonly items: readonly ShownItem[];
  readonly unread: number;
  readonly unreadMentions: number;
  readonly firstUnread?: MessageId;
  readonly pinned: readonly MessageId[];
  readonly name?: string;
  readonly picture?: Uint8Array;
  /** Milliseconds from reading; 0 when messages stay. */
  readonly timer: number;
  /** What the next event names as seen. */
  readonly heads: readonly MessageId[];
  /** When a shown message disappears next: view again then. */
  readonly nextExpiry?: number;
}

export function viewTimeline(state: TimelineState, onlooker: Onlooker): Timeline {
  const ordered = inCausalOrder(state.events);
  const counting = ordered.filter((event) => counts(onlooker.kind, event));
  const effects = effectsOf(counting, state.events, onlooker.kind);
  const messages = counting.flatMap((event) => shownEvent(state, event, effects, onlooker));
  const items = withLines(messages, state);
  const unread = items.filter((item): item is ShownMessage => item.kind === 'message' && item.unread);
  const expiries = items.flatMap((item) => (item.kind === 'message' && item.expiresAt ? [item.expiresAt] : []));
  const shown = new Set(items.map((item) => item.id));
  return {
    items,
    unread: unread.length,
    unreadMentions: unread.filter((item) => item.mentionsMe).length,
    ...(unread[0] && { firstUnread: unread[0].id }),
    pinned: [...effects.pinned].filter((id) => shown.has(id) && !effects.deleted.has(id)),
    ...(effects.name !== undefined && { name: effects.name }),
    ...(effects.picture && { picture: effects.picture }),
    timer: effects.timer,
    heads: headsOf(ordered),
    ...(expiries.length > 0 && { nextExpiry: Math.min(...expiries) }),
  };
}

/** At most one. */
export function shownEvent(
  state: TimelineState,
  event: OpenedEvent,
  effects: Effects,
  onlooker: Onlooker,
): ShownItem[] {
  const { content, stamp, id, sender } = event;
  const at = stamp?.ms ?? content?.sentAt ?? 0;
  if (state.hidden.has(id) || isCleared(state, event)) return [];
  switch (content?.kind) {
    case 'edit':
    case 'delete':
    case 'reaction':
    case 'pin':
      return [];
    case 'profile': {
      if (effects.restated.has(id)) return [];
      const name = content.name === undefined ? {} : { name: content.name };
      return [{ kind: 'line', id, what: 'profile', by: sender, users: [], at, ...name }];
    }
    case 'timer':
      if (effects.restated.has(id)) return [];
      return [{ kind: 'line', id, what: 'timer', by: sender, users: [], at, timer: content.expiresAfter }];
    case 'note':
      return [{ kind: 'line', id, what: content.what, by: sender, users: content.users, at }];
    default: {
      if (isErased(event) && !effects.deleted.has(id)) return [];
      const message = shownMessage(state, event, effects, onlooker);
      return message.expiresAt !== undefined && message.expiresAt <= onlooker.now ? [] : [message];
    }
  }
}

function shownMessage(state: TimelineState, event: OpenedEvent, effects: Effects, me: Onlooker): ShownMessage {
  const { id, sender, device, stamp, arrivedAt, content } = event;
  const deletedBy = effects.deleted.get(id);
  const mine = sender === me.user;
  const expiresAt = disappearsAt(state, event, me.user);
  const readers = state.receipts.get(id) ?? new Map();
  const way = !mine && stamp && arrivedAt !== undefined ? arrivedAt - stamp.ms : 0;
  const late = Math.max(way, event.lateBy ?? 0);
  return {
    kind: 'message',
    id,
    sender,
    device,
    mine,
    sentAt: content?.sentAt ?? stamp?.ms ?? 0,
    ...(stamp && { stamp }),
    ...(arrivedAt !== undefined && { arrivedAt }),
    ...(deletedBy === undefined ? partsOf(event, effects, me.user) : { ...NOTHING, deletedBy }),
    pinned: effects.pinned.has(id) && deletedBy === undefined,
    ...(late >= LATE_AFTER && { late }),
    ...(expiresAt !== undefined && { expiresAt }),
    unread: deletedBy === undefined && isUnread(state, event, me.user),
    state: stateOf(event, readers),
    readers,
  };
}

const NOTHING = { mentions: [], mentionsMe: false, reactions: [] };

/** What a message says, and what others added to it. */
function partsOf(event: OpenedEvent, effects: Effects, me: UserId) {
  const { id, content, problem } = event;
  const edit = effects.edits.get(id);
  const said = saidIn(content);
  const mentions = edit?.mentions ?? said.mentions ?? [];
  const text = content && edit ? edit.text : said.text;
  const reactions = [...(effects.reactions.get(id) ?? [])].map(([emoji, users]) => ({
    emoji,
    users: [...users],
    mine: users.has(me),
  }));
  const unreadable = problem ?? (content?.kind === 'unknown' ? 'content-unknown' : undefined);
  return {
    ...said,
    ...(text !== undefined && { text }),
    mentions,
    mentionsMe: mentions.includes(me),
    ...(edit && { editedAt: edit.at }),
    reactions,
    ...(unreadable !== undefined && { problem: unreadable }),
  };
}

type Said = Partial<Pick<ShownMessage, 'text' | 'file' | 'forwardedFrom' | 'replyTo' | 'thread' | 'mentions'>>;

function saidIn(content: OpenedEvent['content']): Said {
  switch (content?.kind) {
    case 'text': {
      const { text, replyTo, thread, mentions } = content;
      return { text, ...(replyTo && { replyTo }), ...(thread && { thread }), ...(mentions && { mentions }) };
    }
    case 'file': {
      const { text, file, replyTo } = content;
      return { file, ...(text !== undefined && { text }), ...(replyTo && { replyTo }) };
    }
    case 'forward': {
      const { text, file, author, writtenAt } = content;
      return { text, forwardedFrom: { author, writtenAt }, ...(file && { file }) };
    }
    default:
      return {};
  }
}

/** A state counts when every recipient reached it. */
function stateOf({ state, recipients, sender }: OpenedEvent, readers: ReadonlyMap<UserId, Reader>): MessageState {
  const others = recipients.filter((user) => user !== sender).map((user) => readers.get(user));
  if (others.length === 0) return state;
  if (others.every((reader) => reader?.readAt !== undefined)) return laterState(state, 'read');
  if (others.every((reader) => reader?.readAt !== undefined || reader?.deliveredAt !== undefined)) {
    return laterState(state, 'delivered');
  }
  return others.every((reader) => reader?.failed !== undefined) ? laterState(state, 'failed') : state;
}

function withLines(messages: readonly ShownItem[], { lines, clearedUpTo }: TimelineState): readonly ShownItem[] {
  return besideMessages(messages, shownLines(lines, clearedUpTo));
}

/** By their stamps. */
export function shownLines(lines: TimelineState['lines'], clearedUpTo: number): readonly ShownLine[] {
  return [...lines.values()]
    .filter((line) => line.stamp.ms > clearedUpTo)
    .sort((a, b) => a.stamp.ms - b.stamp.ms || a.stamp.counter - b.stamp.counter || (a.id < b.id ? -1 : 1))
    .map(({ id, what, by, users, stamp }) => ({ kind: 'line', id, what, users, at: stamp.ms, ...(by && { by }) }));
}

/** Lines that nobody wrote stand where their stamps say: before the first message that is later. */
export function besideMessages(messages: readonly ShownItem[], lines: readonly ShownLine[]): readonly ShownItem[] {
  if (lines.length === 0) return messages;
  const items: ShownItem[] = [];
  let next = 0;
  for (const message of messages) {
    for (let line = lines[next]; line && atOf(message) > line.at; line = lines[++next]) items.push(line);
    items.push(message);
  }
  return [...items, ...lines.slice(next)];
}

function atOf(item: ShownItem): number {
  return item.kind === 'line' ? item.at : (item.stamp?.ms ?? Number.MAX_SAFE_INTEGER);
}

function headsOf(ordered: readonly OpenedEvent[]): readonly MessageId[] {
  const seen = new Set(ordered.flatMap((event) => event.content?.after ?? []));
  return latestOf(ordered.filter((event) => !seen.has(event.id)));
}

/** Nothing stands between these, so their stamps tell which are the latest. */
export function latestOf(heads: readonly OpenedEvent[]): readonly MessageId[] {
  return [...heads]
    .sort(byStamp)
    .slice(-MAX_HEADS)
    .map(({ id }) => id);
}
