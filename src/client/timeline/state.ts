// What is known of a conversation, or of the part of it that is loaded: sets that only grow. Whatever order things come in and
// however often, the same things make the same state; the view (view.ts) is a function of it.
import type { ConversationId, MessageId, UserId } from '../../realm/ids.ts';
import type { OpenedEvent, ReadMark, Receipt, SystemLine } from './events.ts';
import { erased, isErased, laterState, unhidden } from './events.ts';

/** When one recipient had an event and read it; the earliest that was told. */
export interface Reader {
  readonly deliveredAt?: number;
  readonly readAt?: number;
  readonly failed?: string;
}

export interface TimelineState {
  readonly conversation: ConversationId;
  readonly events: ReadonlyMap<MessageId, OpenedEvent>;
  readonly receipts: ReadonlyMap<MessageId, ReadonlyMap<UserId, Reader>>;
  /** By what they cover, ascending; none that another makes superfluous. */
  readonly reads: readonly ReadMark[];
  readonly lines: ReadonlyMap<string, SystemLine>;
  /** Deleted by the own user for himself alone. */
  readonly hidden: ReadonlySet<MessageId>;
  /** Taken back by their senders, or disappeared. */
  readonly gone: ReadonlySet<MessageId>;
  /** The own user deleted what had arrived by then. */
  readonly clearedUpTo: number;
}

export type TimelineAction =
  | { readonly kind: 'events'; readonly events: readonly OpenedEvent[] }
  | { readonly kind: 'receipts'; readonly receipts: readonly Receipt[] }
  | { readonly kind: 'read'; readonly mark: ReadMark }
  | { readonly kind: 'lines'; readonly lines: readonly SystemLine[] }
  | { readonly kind: 'hidden'; readonly ids: readonly MessageId[] }
  | { readonly kind: 'gone'; readonly ids: readonly MessageId[] }
  | { readonly kind: 'cleared'; readonly upTo: number };

export function emptyTimeline(conversation: ConversationId): TimelineState {
  const none = { events: new Map(), receipts: new Map(), reads: [], lines: new Map() };
  return { conversation, ...none, hidden: new Set(), gone: new Set(), clearedUpTo: 0 };
}

export function reduceTimeline(state: TimelineState, action: TimelineAction): TimelineState {
  switch (action.kind) {
    case 'events':
      return { ...state, events: withEvents(state, action.events) };
    case 'receipts':
      return { ...state, receipts: withReceipts(state.receipts, action.receipts) };
    case 'read':
      return { ...state, reads: withRead(state.reads, action.mark) };
    case 'lines':
      return { ...state, lines: new Map([...state.lines, ...action.lines.map((line) => [line.id, line] as const)]) };
    case 'hidden':
      return { ...state, hidden: new Set([...state.hidden, ...action.ids]) };
    case 'gone':
      return withoutContent(state, action.ids);
    case 'cleared':
      return { ...state, clearedUpTo: Math.max(state.clearedUpTo, action.upTo) };
  }
}

function withoutContent(state: TimelineState, ids: readonly MessageId[]): TimelineState {
  const known = ids.flatMap((id) => state.events.get(id) ?? []);
  const gone = new Set([...state.gone, ...ids]);
  return { ...state, gone, events: withEvents({ ...state, gone }, known) };
}

function withEvents({ conversation, events, gone }: TimelineState, more: readonly OpenedEvent[]) {
  const all = new Map(events);
  for (const event of more) {
    if (event.conversation === conversation) all.set(event.id, mergedEvent(all.get(event.id), event, gone));
  }
  return all;
}

/** What is known of an event after it is told (again). */
export function mergedEvent(
  known: OpenedEvent | undefined,
  event: OpenedEvent,
  gone: TimelineState['gone'],
): OpenedEvent {
  const better = known ? preferred(known, event) : event;
  return gone.has(event.id) ? erased(better) : better;
}

/**
 * Two events under one id: the same one, known better by now, or somebody's forgery of a known id. Of different ones the first
 * by its node's stamp stands, on every device.
 */
function preferred(a: OpenedEvent, b: OpenedEvent): OpenedEvent {
  const isSame = a.sender === b.sender && a.device === b.device;
  if (!isSame || (a.stamp && b.stamp && (a.stamp.ms !== b.stamp.ms || a.stamp.counter !== b.stamp.counter))) {
    return unhidden(a, b) ?? (rank(a) <= rank(b) ? a : b);
  }
  const [better, other] = quality(a) >= quality(b) ? [a, b] : [b, a];
  const arrivals = [a.arrivedAt, b.arrivedAt].filter((at) => at !== undefined);
  return {
    ...better,
    state: laterState(better.state, other.state),
    ...(arrivals.length > 0 && { arrivedAt: Math.min(...arrivals) }),
  };
}

function rank({ stamp, sender, device }: OpenedEvent): string {
  const [ms, counter] = stamp ? [stamp.ms, stamp.counter] : [Number.MAX_SAFE_INTEGER, 0];
  return `${String(ms).padStart(16, '0')}${String(counter).padStart(16, '0')}${sender}${device}`;
}

/** What was erased stays so; opened before unopened, stamped before unstamped. */
function quality(event: OpenedEvent): number {
  return (isErased(event) ? 4 : 0) + (event.stamp ? 2 : 0) + (event.content ? 1 : 0);
}

function withReceipts(known: TimelineState['receipts'], more: readonly Receipt[]): TimelineState['receipts'] {
  const all = new Map(known);
  for (const receipt of more) all.set(receipt.id, withReceipt(all.get(receipt.id), receipt));
  return all;
}

type Readers = ReadonlyMap<UserId, Reader>;

export function withReceipt(known: Readers | undefined, { by, state, at, code }: Receipt): Readers {
  const readers = new Map(known);
  return readers.set(by, toldOf(readers.get(by) ?? {}, state, at, code));
}

function toldOf(reader: Reader, state: Receipt['state'], at: number, code = 'internal'): Reader {
  if (state === 'failed') return { ...reader, failed: reader.failed && reader.failed < code ? reader.failed : code };
  if (state === 'read') return { ...reader, readAt: Math.min(reader.readAt ?? at, at) };
  return { ...reader, deliveredAt: Math.min(reader.deliveredAt ?? at, at) };
}

/** A mark that covers less and was made later says nothing new. */
export function withRead(reads: readonly ReadMark[], mark: ReadMark): readonly ReadMark[] {
  const covers = (a: ReadMark, b: ReadMark) => a.arrivedAt >= b.arrivedAt && a.at <= b.at;
  if (reads.some((known) => covers(known, mark))) return reads;
  return [...reads.filter((known) => !covers(mark, known)), mark].sort((a, b) => a.arrivedAt - b.arrivedAt);
}
