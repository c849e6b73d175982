// Appends to the node's one sequence of arrivals: gives out numbers, writes in one durable batch, and announces what is on disk,
// in order. The database commits in the order of the calls and resolves in that order, so announcing right after the await
// keeps the order too.
import type { ConversationId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import type { MessageBlobs } from '../blobs/blobs.ts';
import type { Added } from '../delivery/outbox.ts';
import type { Cursor, UserEvent } from './conversations.ts';
import { type EventRecord, encodeEvent, type MessageRecord } from './event-record.ts';
import { toUserEvent } from './event-view.ts';
import { arrivalWrite, eventWrite, headWrite, memberWrite, messageWrites, unreadWrite } from './event-writes.ts';
import type { HybridClock } from './hybrid-clock.ts';

/** An event that is about to get its number. */
export interface Draft {
  readonly record: EventRecord;
  /** Users of this realm among whose arrivals it is. */
  readonly audience: readonly UserId[];
}

export interface Companions {
  readonly writes?: readonly Write[];
  /** Outbox entries of the same batch. */
  readonly added?: readonly Added[];
}

type Listener = (user: UserId, event: UserEvent) => void;

interface Init {
  readonly database: Pick<Database, 'commit'>;
  readonly clock: HybridClock;
  readonly head: Cursor;
  /** Absent: there are no files. */
  readonly blobs?: Pick<MessageBlobs, 'referWrites'>;
  readonly log: Log;
}

/** (user, conversation) pairs whose membership is known to be on disk; forgotten all at once when there are too many. */
const MAX_KNOWN = 100_000;

export class ArrivalLog {
  readonly #init: Init;
  readonly #listeners = new Set<Listener>();
  readonly #known = new Set<string>();
  /** The newest number given out, and the newest that is on disk. Readers see nothing above the second. */
  #given: Cursor;
  #head: Cursor;

  constructor(init: Init) {
    this.#init = init;
    this.#given = init.head;
    this.#head = init.head;
  }

  /** The newest number on disk. */
  get head(): Cursor {
    return this.#head;
  }

  onEvent(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Its place in the user's list is not on disk any more. */
  forget(user: UserId, conversation: ConversationId): void {
    this.#known.delete(`${user}/${conversation}`);
  }

  /** Numbers are given out before this function first waits. Resolves once all of it is on disk and announced. */
  async append(drafts: readonly Draft[], { writes = [], added = [] }: Companions = {}): Promise<void> {
    const numbered = drafts.map((draft) => ({ draft, at: this.#next() }));
    const batch = numbered.flatMap(({ draft, at }) => this.#writesOf(draft, at));
    if (drafts.length > 0 || added.length > 0) batch.push(headWrite(this.#given, this.#init.clock.last));
    await this.#init.database.commit([...batch, ...added.flatMap((entry) => entry.writes), ...writes]);
    this.#head = numbered.at(-1)?.at ?? this.#head;
    for (const entry of added) entry.committed();
    for (const { draft, at } of numbered) this.#announce(draft, at);
  }

  #next(): Cursor {
    this.#given = { incarnation: this.#given.incarnation, n: this.#given.n + 1 };
    return this.#given;
  }

  #writesOf({ record, audience }: Draft, at: Cursor): Write[] {
    const event = eventWrite(at, encodeEvent(record));
    if (record.kind === 'message') return [event, ...this.#messageWritesOf(record, audience, at)];
    return [event, ...audience.map((user) => arrivalWrite(user, at))];
  }

  #messageWritesOf(record: MessageRecord, audience: readonly UserId[], at: Cursor): Write[] {
    const { id, sender, conversation, recipients } = record.encoded.envelope;
    const incoming = { cursor: at, conversation, sender, id };
    // Whoever is in a group is listed there by the commit.
    const members = recipients.length > 0 ? [...new Set([sender, ...recipients])].sort() : undefined;
    const writes = messageWrites(at, record.stamp, record.encoded);
    writes.push(...(this.#init.blobs?.referWrites(record.encoded.envelope) ?? []));
    for (const user of audience) {
      if (user === sender) writes.push(arrivalWrite(user, at));
      else writes.push(arrivalWrite(user, at, incoming), unreadWrite(user, incoming));
      if (members && !this.#known.has(`${user}/${conversation}`)) writes.push(memberWrite(user, conversation, members));
    }
    return writes;
  }

  #announce({ record, audience }: Draft, cursor: Cursor): void {
    if (record.kind === 'message') this.#remember(record, audience);
    const event = toUserEvent(record, cursor, []);
    for (const user of audience) {
      for (const listener of this.#listeners) this.#tell(listener, user, event);
    }
  }

  #remember(record: MessageRecord, audience: readonly UserId[]): void {
    if (this.#known.size > MAX_KNOWN) this.#known.clear();
    for (const user of audience) this.#known.add(`${user}/${record.encoded.envelope.conversation}`);
  }

  #tell(listener: Listener, user: UserId, event: UserEvent): void {
    try {
      listener(user, event);
    } catch (error) {
      this.#init.log.error({ err: error }, 'a listener of arrivals failed');
    }
  }
}
