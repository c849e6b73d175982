// Conversations of one node: put together of the acceptance of local messages, the intake of what other realms delivered,
// the marks of readers, and the store that all of them append to.
import type { Envelope, EnvelopeKind } from '../../src/crypto/envelope.ts';
import { type Control, decodeControl } from '../../src/protocols/order/control-body.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { type MessageId, parseMessageId, type UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import type { MessageBlobs } from '../blobs/blobs.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Directory } from '../directory/directory.ts';
import { Acceptance } from './acceptance.ts';
import { ArrivalLog } from './arrival-log.ts';
import type { Blocks } from './blocks.ts';
import { ConversationReader } from './conversation-reader.ts';
import type {
  ConversationSummary,
  Conversations,
  Cursor,
  EventPage,
  HistoryPage,
  LoggedMessage,
  Receipt,
  Stored,
  Submission,
  Submitter,
  UserEvent,
} from './conversations.ts';
import type { Delivered, Judge, JudgedElsewhere, Outcome } from './delivered.ts';
import { EventStore } from './event-store.ts';
import { receiptWrite } from './event-writes.ts';
import { membersAt } from './group-state.ts';
import { HybridClock } from './hybrid-clock.ts';
import { Intake } from './intake.ts';
import type { MessageLimits, MessageRules } from './message-rules.ts';
import { type Hides, ReadingMarks } from './reading-marks.ts';
import { Removals } from './removals.ts';
import type { Rosters } from './rosters.ts';

export interface ConversationsInit {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly directory: Pick<Directory, 'findById' | 'mayHave' | 'meet'>;
  /** Absent: everybody may write to everybody who is known. */
  readonly rules?: MessageRules;
  /** Absent: there are no groups. */
  readonly rosters?: Rosters;
  readonly outbox: Pick<Outbox, 'add' | 'assertRoom'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: there are no files. */
  readonly blobs?: MessageBlobs;
  /** Whom users want to hear nothing from. */
  readonly blocks?: Pick<Blocks, 'isBlocked'>;
  /** Who does not tell whom what he has read. */
  readonly hides?: Hides;
  readonly newId?: () => MessageId;
  /** What the policies say; absent: nothing. Asked each time. */
  readonly limits?: () => MessageLimits;
}

/** What groups and mails do with the store of conversations, beside messages. */
export interface ConversationParts {
  readonly store: EventStore;
  readonly arrivals: ArrivalLog;
  readonly stamps: HybridClock;
}

/** Milliseconds between two looks for expired messages. */
const SWEEP_INTERVAL = 60_000;

/** Reads where the sequence stands; writes nothing. */
export async function openConversations(init: ConversationsInit): Promise<ConversationService> {
  const store = new EventStore(init.database);
  const head = await store.head();
  const stamps = new HybridClock(init.clock, head?.stamp ?? { ms: 0, counter: 0 });
  const { incarnation } = init;
  const n = head?.cursor.incarnation === incarnation ? head.cursor.n : 0;
  const arrivals = new ArrivalLog({ ...init, clock: stamps, head: { incarnation, n } });
  return new ConversationService(init, store, arrivals, stamps);
}

export type IntentTaker = (item: Delivered, intent: Extract<Control, { kind: 'intent' }>) => Promise<JudgedElsewhere>;

export class ConversationService implements Conversations {
  readonly #init: ConversationsInit;
  readonly #store: EventStore;
  readonly #arrivals: ArrivalLog;
  readonly #acceptance: Acceptance;
  readonly #intake: Intake;
  readonly #marks: ReadingMarks;
  readonly #reader: ConversationReader;
  readonly #removals: Removals;
  readonly #judges = new Map<EnvelopeKind, Judge>();
  readonly parts: ConversationParts;
  #onIntent: IntentTaker | undefined;
  #sweep: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(init: ConversationsInit, store: EventStore, arrivals: ArrivalLog, stamps: HybridClock) {
    const newId = init.newId ?? (() => parseMessageId(crypto.randomUUID()));
    const parts = { ...init, store, arrivals, stamps, newId };
    this.#init = init;
    this.parts = { store, arrivals, stamps };
    this.#store = store;
    this.#arrivals = arrivals;
    this.#acceptance = new Acceptance(parts);
    this.#intake = new Intake({ ...parts, judges: this.#judges });
    this.#marks = new ReadingMarks(parts);
    const { blobs } = init;
    const forget = blobs && { forget: (...of: Parameters<MessageBlobs['forgetWrites']>) => blobs.forgetWrites(...of) };
    this.#removals = new Removals({ ...parts, ...forget });
    this.#judges.set('control', (item) => this.#judgeControl(item));
    this.#reader = new ConversationReader(store, arrivals, init.rosters);
  }

  submit(from: Submitter, message: Submission): Promise<Stored> {
    return this.#acceptance.submit(from, message);
  }

  markDelivered(user: UserId, upTo: Cursor): Promise<void> {
    return this.#marks.markDelivered(user, upTo);
  }

  markRead(user: UserId, conversation: Envelope['conversation'], upTo: MessageId): Promise<void> {
    return this.#marks.markRead(user, conversation, upTo);
  }

  head(): Cursor {
    return this.#arrivals.head;
  }

  deliveredUpTo(user: UserId): Promise<Cursor> {
    return this.#reader.deliveredUpTo(user);
  }

  eventsSince(user: UserId, cursor: Cursor, limit: number): Promise<EventPage> {
    return this.#reader.eventsSince(user, cursor, limit);
  }

  history(
    user: UserId,
    conversation: Envelope['conversation'],
    page: { before?: string; limit: number },
  ): Promise<HistoryPage> {
    return this.#reader.history(user, conversation, page);
  }

  lags(user: UserId, cursor: Cursor, most: number): Promise<boolean> {
    return this.#reader.lags(user, cursor, most);
  }

  listConversations(user: UserId): Promise<readonly ConversationSummary[]> {
    return this.#reader.listConversations(user);
  }

  async findMessage(user: UserId, id: MessageId): Promise<LoggedMessage | undefined> {
    return (await this.#reader.findMessage(user, id))?.message;
  }

  onEvent(listener: (user: UserId, event: UserEvent) => void): () => void {
    return this.#arrivals.onEvent(listener);
  }

  /** For delivery: takes in what another realm handed over. */
  ingest(items: readonly Delivered[], finish: (outcomes: readonly Outcome[]) => Write[]): Promise<Outcome[]> {
    return this.#intake.ingest(items, finish);
  }

  /** The sender takes a message back for all. @throws RefusedError `message-unknown` */
  erase(from: Submitter, id: MessageId): Promise<void> {
    return this.#removals.erase(from, id);
  }

  /** Deletes what the user has of a conversation. @throws RefusedError `conversation-unknown` */
  clear(user: UserId, conversation: Envelope['conversation'], entirely: boolean): Promise<void> {
    return this.#removals.clear(user, conversation, entirely);
  }

  /** Messages whose time is over go. */
  removeExpired(): Promise<void> {
    return this.#removals.removeExpired();
  }

  /** Messages that came before then go, whatever they say; those who have them keep what their own devices hold. */
  removeOld(before: number): Promise<void> {
    return this.#removals.removeOld(before);
  }

  /** What a control says to this realm is its sender's own, or nothing. */
  async #judgeControl(item: Delivered): Promise<JudgedElsewhere> {
    const { sender, body } = item.encoded.envelope;
    const home = this.#init.directory.findById(sender)?.home ?? item.origin;
    if (home !== item.origin) return { outcome: { kind: 'rejected', code: 'foreign-sender' } };
    const control = decodeControl(body);
    if (control.kind === 'erase') return this.#removals.judgeErasure(item, control.ids);
    const onIntent = this.#onIntent;
    return onIntent ? onIntent(item, control) : { outcome: { kind: 'rejected', code: 'unknown-kind' } };
  }

  /** Who keeps what members want changed; before the node starts. */
  intentsTo(take: IntentTaker): void {
    this.#onIntent = take;
  }

  /** Who takes in envelopes of a kind that is no message; before the node starts. */
  judge(kind: EnvelopeKind, judge: Judge): void {
    this.#judges.set(kind, judge);
  }

  /** For delivery: which stream brought a message, and who else should have it. */
  locate(user: UserId, id: MessageId): ReturnType<ConversationReader['findMessage']> {
    return this.#reader.findMessage(user, id);
  }

  /** For the operator: the message of that id, as its sender's node or a recipient's knows it. */
  locateAny(id: MessageId): ReturnType<ConversationReader['findMessage']> {
    return this.#reader.anyMessage(id);
  }

  /** Each state that each recipient came to, not the furthest alone. */
  receiptHistory(id: MessageId, sender: UserId): Promise<Receipt[]> {
    return this.#store.receiptHistory(id, sender);
  }

  /** For delivery: a message could not be delivered to that realm; its sender learns `failed`. */
  async fail(sender: UserId, id: MessageId, realm: RealmName, code: string): Promise<void> {
    const found = await this.#reader.findMessage(sender, id);
    if (!found) return;
    const { conversation, recipients } = found.message.envelope;
    const group = recipients.length === 0 ? await this.#init.rosters?.find(conversation) : undefined;
    const users = group ? membersAt(group, realm) : recipients;
    const receipts = users.map((user): Receipt => ({ user, state: 'failed', at: this.#init.clock.now(), code }));
    const drafts = receipts.map((receipt) => ({
      record: { kind: 'state', conversation, receipt, ids: [id] } as const,
      audience: [sender],
    }));
    await this.#arrivals.append(drafts, { writes: receipts.map((receipt) => receiptWrite(id, sender, receipt)) });
  }

  async start(): Promise<void> {
    this.#sweepLater(0);
  }

  async stop(): Promise<void> {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    await this.#sweeping;
  }

  #sweepLater(delay: number): void {
    this.#sweep = this.#init.clock.after(delay, () => {
      this.#sweeping = this.#sweepOnce();
    });
  }

  async #sweepOnce(): Promise<void> {
    try {
      await this.#removals.removeExpired();
      const retention = this.#init.limits?.().retention;
      if (retention !== undefined) await this.#removals.removeOld(this.#init.clock.now() - retention);
    } catch (error) {
      this.#init.log.error({ err: error }, 'removing expired messages failed');
    }
    if (this.#sweep) this.#sweepLater(SWEEP_INTERVAL);
  }
}
