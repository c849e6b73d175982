// What users of this realm have got and read. Marks move forward only; what they pass is told to the senders: at once when
// they are local, else by one receipt envelope for each realm. Marks that come while a batch is being written share the next
// one and its envelopes; no timer is involved.
import { type EncodedEnvelope, encodeEnvelope } from '../../src/crypto/envelope.ts';
import {
  encodeReceipts,
  MAX_RECEIPT_ENTRIES,
  MAX_RECEIPT_IDS,
  type ReceiptEntry,
} from '../../src/protocols/deliver/receipts.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { type ConversationId, type MessageId, parseDeviceId, type UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import { Gather } from '../../src/store/gather.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Directory } from '../directory/directory.ts';
import type { ArrivalLog, Draft } from './arrival-log.ts';
import type { Cursor } from './conversations.ts';
import { type EventStore } from './event-store.ts';
import { deliveredWrite, type Incoming, isAfter, readWrite, receiptWrite, unreadRemoval } from './event-writes.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { Rosters } from './rosters.ts';
import { Turns } from './turns.ts';

export interface ReadingMarksComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly stamps: HybridClock;
  readonly store: EventStore;
  readonly arrivals: ArrivalLog;
  readonly outbox: Pick<Outbox, 'add'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly newId: () => MessageId;
  /** Absent: there are no groups. */
  readonly rosters?: Pick<Rosters, 'find'>;
  /** Absent: nobody hides anything. */
  readonly hides?: Hides;
}

/** Who does not tell whom what has come, and what was read: by his own will, or by a policy. */
export interface Hides {
  reading(reader: UserId, sender: UserId): boolean;
  delivery?(receiver: UserId): boolean;
}

/** What one moved mark adds to the next batch. */
interface Moved {
  readonly writes: readonly Write[];
  readonly drafts: readonly Draft[];
  readonly receipts: readonly ReceiptEntry[];
}

/** Moved marks that share one batch at most. */
const MAX_GROUP = 256;
/** Members of a group up to which each message's sender is told by itself who has it. */
export const MAX_TOLD = 50;
/** Arrivals looked at in one step. */
const STEP = 1000;
/** A receipt is of a user, not of one of the devices. */
const NO_DEVICE = parseDeviceId('00000000-0000-0000-0000-000000000000');

export class ReadingMarks {
  readonly #parts: ReadingMarksComponents;
  readonly #turns = new Turns();
  readonly #moves: Gather<Moved>;

  constructor(parts: ReadingMarksComponents) {
    this.#parts = parts;
    this.#moves = new Gather((moves) => this.#write(moves), MAX_GROUP);
  }

  async markDelivered(user: UserId, upTo: Cursor): Promise<void> {
    const end = earlier(upTo, this.#parts.arrivals.head);
    await this.#turns.run(`delivered/${user}`, async () => {
      let mark = (await this.#parts.store.delivered(user)) ?? { incarnation: 0, n: 0 };
      while (isAfter(end, mark)) mark = await this.#deliver(user, mark, end);
    });
  }

  async #deliver(user: UserId, from: Cursor, end: Cursor): Promise<Cursor> {
    const arrivals = await this.#parts.store.arrivals(user, from, STEP);
    const passed = arrivals.filter(({ cursor }) => !isAfter(cursor, end));
    const last = passed.at(-1)?.cursor;
    const mark = passed.length < STEP || !last ? end : last;
    const incoming = passed.flatMap((arrival) => arrival.incoming ?? []);
    const receipts = this.#receipts(user, 'delivered', await this.#told(user, 'delivered', incoming));
    await this.#moves.add({ writes: [deliveredWrite(user, mark)], drafts: [], receipts });
    return mark;
  }

  async markRead(user: UserId, conversation: ConversationId, upTo: MessageId): Promise<void> {
    await this.#turns.run(`read/${user}/${conversation}`, async () => {
      const at = await this.#find(user, conversation, upTo);
      const before = await this.#parts.store.readPosition(user, conversation);
      if (before && !isAfter(at, before.at)) return;
      const passed: Incoming[] = [];
      for await (const message of this.#parts.store.unread(user, conversation, at)) passed.push(message);
      const record = { kind: 'position', at: this.#parts.clock.now(), conversation, upTo } as const;
      await this.#moves.add({
        writes: [readWrite(user, conversation, at, upTo), ...passed.map((message) => unreadRemoval(user, message))],
        drafts: [{ record, audience: [user] }],
        receipts: this.#receipts(user, 'read', await this.#told(user, 'read', passed)),
      });
    });
  }

  async #find(user: UserId, conversation: ConversationId, id: MessageId): Promise<Cursor> {
    const isMember = (await this.#parts.store.members(user, conversation)) !== undefined;
    const found = isMember ? await this.#parts.store.messagesOf(id) : [];
    const message = found.find((entry) => entry.conversation === conversation);
    if (message) return message.cursor;
    throw new RefusedError('message-unknown', `No message ${id} is known in the conversation ${conversation}`);
  }

  /** Whose senders are told by themselves: in groups above MAX_TOLD they ask; a user, or a policy, may hide that he reads. */
  async #told(user: UserId, state: ReceiptEntry['state'], messages: readonly Incoming[]): Promise<Incoming[]> {
    const { rosters, hides } = this.#parts;
    const conversations = [...new Set(messages.map(({ conversation }) => conversation))];
    const groups = await Promise.all(conversations.map((one) => rosters?.find(one)));
    const large = new Set(conversations.filter((_, i) => (groups[i]?.members.size ?? 0) > MAX_TOLD));
    const isHidden = (sender: UserId): boolean | undefined =>
      state === 'read' ? hides?.reading(user, sender) : hides?.delivery?.(user);
    return messages.filter(({ conversation, sender }) => !large.has(conversation) && !isHidden(sender));
  }

  /** One entry for each conversation and sender, cut to what one envelope may hold. */
  #receipts(user: UserId, state: ReceiptEntry['state'], messages: readonly Incoming[]): ReceiptEntry[] {
    const at = this.#parts.clock.now();
    const groups = Map.groupBy(messages, ({ conversation, sender }) => `${conversation}/${sender}`);
    return [...groups.values()].flatMap((group) => {
      const { conversation, sender } = group[0] ?? {};
      if (!conversation || !sender) return [];
      const ids = group.map((message) => message.id);
      return chunks(ids, MAX_RECEIPT_IDS).map((part) => ({ user, state, at, conversation, sender, ids: part }));
    });
  }

  async #write(moves: readonly Moved[]): Promise<void> {
    const { realm, arrivals, outbox, clock } = this.#parts;
    const receipts = moves.flatMap((move) => move.receipts);
    const homes = await Promise.all(receipts.map((entry) => this.#homeOf(entry)));
    const byHome = Map.groupBy(receipts, (_, at) => homes[at]);
    const local = byHome.get(realm) ?? [];
    const added = [...byHome].flatMap(([home, entries]) =>
      home === undefined || home === realm
        ? []
        : inEnvelopes(entries).map((part) => outbox.add(home, this.#envelope(part), clock.now())),
    );
    const drafts = [...moves.flatMap((move) => move.drafts), ...local.map(toDraft)];
    const writes = [...moves.flatMap((move) => move.writes), ...local.flatMap(toWrites)];
    await arrivals.append(drafts, { writes, added });
  }

  /** Somebody of another enterprise may not be in the directory: then the message says whose node signed for it. */
  async #homeOf({ sender, ids }: ReceiptEntry): Promise<RealmName | undefined> {
    const { directory, store } = this.#parts;
    const known = directory.findById(sender)?.home;
    const [id] = ids;
    if (known !== undefined || id === undefined) return known;
    const entry = await store.message(id, sender);
    const record = entry && (await store.event(entry.cursor));
    return record?.kind === 'message' ? record.encoded.envelope.origin : undefined;
  }

  #envelope(entries: readonly [ReceiptEntry, ...ReceiptEntry[]]): EncodedEnvelope {
    const { realm: origin, incarnation, stamps, newId } = this.#parts;
    const [{ user, conversation }] = entries;
    const recipients = [...new Set(entries.map((entry) => entry.sender))];
    const addresses = { version: 1, id: newId(), conversation, sender: user, device: NO_DEVICE, recipients } as const;
    const terms = {
      origin,
      incarnation,
      stamp: stamps.tick(),
      expires: 0,
      priority: 'receipt',
      durable: true,
      kind: 'receipt',
      blobs: [],
    } as const;
    return encodeEnvelope({ ...addresses, ...terms, body: encodeReceipts(entries) });
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** Splits entries into as few envelopes as their limits allow. */
function inEnvelopes(entries: readonly ReceiptEntry[]): (readonly [ReceiptEntry, ...ReceiptEntry[]])[] {
  const parts: [ReceiptEntry, ...ReceiptEntry[]][] = [];
  let ids = 0;
  for (const entry of entries) {
    const part = parts.at(-1);
    ids += entry.ids.length;
    if (part && part.length < MAX_RECEIPT_ENTRIES && ids <= MAX_RECEIPT_IDS) part.push(entry);
    else {
      parts.push([entry]);
      ids = entry.ids.length;
    }
  }
  return parts;
}

function toWrites({ ids, sender, user, state, at }: ReceiptEntry): Write[] {
  return ids.map((id) => receiptWrite(id, sender, { user, state, at }));
}

function toDraft({ conversation, ids, sender, user, state, at }: ReceiptEntry): Draft {
  return { record: { kind: 'state', conversation, receipt: { user, state, at }, ids }, audience: [sender] };
}

function earlier(a: Cursor, b: Cursor): Cursor {
  return isAfter(a, b) ? b : a;
}
