// Messages that disappear some time after they were read: which of those held here wait for that, and their erasure when the time has
// come. What the own user wrote is erased at the servers too, once everybody else has told of reading it and has had that time; where
// somebody never tells, it stays there, sealed, for as long as the realm keeps messages.
//
//   cache records, area 'timed', name message: [2, conversation, ms and counter of its stamp, its time in ms, [change of it, …]]
import { MAX_COUNTER, readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { Stamp } from '../../protocols/lan/wire.ts';
import type { Clock, Timer } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import {
  type ConversationId,
  idBytes,
  type MessageId,
  parseConversationId,
  parseMessageId,
  type UserId,
} from '../../realm/ids.ts';
import { type ClientCache, changesOf, pageOfOne } from '../cache/cache.ts';
import { isErased, type OpenedEvent } from '../timeline/events.ts';
import { lastsFor } from '../timeline/fleeting.ts';
import { disappearsAt } from '../timeline/reading.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction, type TimelineState } from '../timeline/state.ts';

const AREA = 'timed';
/** Changes of one message that are erased at the servers; nobody makes more. */
const MAX_CHANGES = 100;
const MAX_FORM: number = 128 + MAX_CHANGES * 17;
/** Milliseconds that a timer may run: those of browsers take no more than 24 days. */
const LONGEST_WAIT = 24 * 3_600_000;
/** Milliseconds after which what could not be done is tried again. */
const RETRY = 60_000;
/** Milliseconds for which the last reader of an own message is waited for. */
const PATIENCE = 60 * 24 * 3_600_000;

interface Timed {
  readonly conversation: ConversationId;
  readonly stamp: Stamp;
  /** Milliseconds from reading. */
  readonly after: number;
  /** What its author changed in it, once it is erased here. */
  readonly changes: readonly MessageId[];
}

export interface DisappearingComponents {
  readonly cache: Pick<ClientCache, 'page' | 'records' | 'setRecords'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly me: UserId;
  readonly settled: (conversation: ConversationId) => readonly TimelineAction[];
  /** Everybody who is to read a conversation, the own user included. */
  readonly members: (conversation: ConversationId) => Promise<readonly UserId[]>;
  /** False: there is no room for that yet. */
  readonly erase: (conversation: ConversationId, events: readonly OpenedEvent[]) => Promise<boolean>;
  /** As they came, sealed. */
  readonly forgetSealed: (conversation: ConversationId, ids: readonly MessageId[]) => Promise<void>;
  /** At the servers. */
  readonly eraseForAll: (ids: readonly MessageId[]) => Promise<void>;
}

export class Disappearing {
  readonly #parts: DisappearingComponents;
  readonly #timed = new Map<MessageId, Timed>();
  /** When to look at it again. What is not in it waits for somebody to read. */
  readonly #due = new Map<MessageId, number>();
  /** Noted, and not yet held. */
  readonly #coming = new Set<MessageId>();
  /** Of which this run knows that nothing of them is kept. */
  readonly #swept = new Set<MessageId>();
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(components: DisappearingComponents) {
    this.#parts = components;
  }

  /** What had its time while nobody looked goes in the background. */
  async open(): Promise<void> {
    for (const [name, bytes] of await this.#parts.cache.records(AREA))
      this.#timed.set(parseMessageId(name), decode(bytes));
    void this.#look([...this.#timed.keys()]);
  }

  /**
   * Events are to be held here: what is to disappear is known before it is there, so that no end of the client comes between.
   * @throws LocalError `cache-full`, `cache-failed`
   */
  async note(events: readonly OpenedEvent[]): Promise<void> {
    const fresh = new Map<MessageId, Timed>();
    for (const { id, conversation, stamp, content } of events) {
      const after = lastsFor(content);
      if (!after || !stamp) continue;
      this.#coming.add(id);
      if (!this.#timed.has(id)) fresh.set(id, { conversation, stamp, after, changes: [] });
    }
    if (fresh.size === 0) return;
    await this.#parts.cache.setRecords(AREA, new Map([...fresh].map(([id, timed]) => [id, encode(timed)])));
    for (const [id, timed] of fresh) this.#timed.set(id, timed);
  }

  /** Those of them that are held. Never rejects. */
  held(events: readonly OpenedEvent[]): Promise<void> {
    const noted = events.filter(({ id }) => this.#coming.delete(id));
    return noted.length > 0 ? this.#look(noted.map(({ id }) => id)) : Promise.resolve();
  }

  /** An own change of what is erased here already: it goes at the servers with that. False for what waits for no such thing. */
  async changed(id: MessageId, change: MessageId): Promise<boolean> {
    const timed = this.#timed.get(id);
    if (!timed || timed.changes.includes(change)) return timed !== undefined;
    if (timed.changes.length >= MAX_CHANGES) return false;
    await this.#keep(id, { ...timed, changes: [...timed.changes, change] });
    return true;
  }

  /** The own user read something of a conversation. What has its time already keeps it. Never rejects. */
  read(conversation: ConversationId): Promise<void> {
    const waiting = [...this.#timed].filter(([id, timed]) => timed.conversation === conversation && !this.#due.has(id));
    return this.#look(waiting.map(([id]) => id));
  }

  /** Others told of reading these. Never rejects. */
  told(ids: readonly MessageId[]): Promise<void> {
    return this.#look(ids.filter((id) => this.#timed.has(id)));
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    await this.#work;
  }

  /** Erases what has had its time, and waits for what comes next. */
  #look(ids: readonly MessageId[]): Promise<void> {
    this.#work = this.#work.then(() => this.#sweep(ids));
    return this.#work;
  }

  async #sweep(ids: readonly MessageId[]): Promise<void> {
    const { clock } = this.#parts;
    for (const id of ids) {
      const timed = this.#timed.get(id);
      if (this.#isOver) return;
      if (!timed) continue;
      try {
        const next = await this.#one(id, timed);
        if (next === undefined) this.#due.delete(id);
        else this.#due.set(id, next);
      } catch (error) {
        if (!(error instanceof CanopyError)) throw error;
        // What the cache can't do now it may do later.
        this.#due.set(id, clock.now() + RETRY);
      }
    }
    this.#wait();
  }

  #wait(): void {
    const { clock } = this.#parts;
    this.#timer?.cancel();
    const next = [...this.#due.values()].reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    if (this.#isOver || next === Number.POSITIVE_INFINITY) return;
    const pause = Math.min(Math.max(next - clock.now(), 1), LONGEST_WAIT);
    this.#timer = clock.after(pause, () => {
      const now = clock.now();
      void this.#look([...this.#due].flatMap(([id, due]) => (due <= now ? [id] : [])));
    });
  }

  /** When to look again; undefined when it waits for somebody to read. */
  async #one(id: MessageId, timed: Timed): Promise<number | undefined> {
    const { cache, clock, me, settled } = this.#parts;
    const { conversation, stamp } = timed;
    const { events, receipts } = await pageOfOne(cache, { id, conversation, stamp });
    const [event] = events;
    if (!event) return this.#coming.has(id) ? undefined : this.#forget(id);
    const actions = [{ kind: 'events', events: [event] } as const, { kind: 'receipts', receipts } as const];
    const state = [...actions, ...settled(conversation)].reduce(reduceTimeline, emptyTimeline(conversation));
    if (!isErased(event)) {
      const gone = disappearsAt(state, event, me);
      if (gone === undefined || gone > clock.now()) return gone;
      if (!(await this.#erase(event, timed))) return clock.now() + RETRY;
    }
    const known = this.#timed.get(id) ?? timed;
    await this.#sweepSealed(id, known);
    return event.sender === me ? this.#atServers(id, known, state) : this.#forget(id);
  }

  /** An earlier run may have ended between the two. */
  async #sweepSealed(id: MessageId, { conversation, changes }: Timed): Promise<void> {
    if (this.#swept.has(id)) return;
    await this.#parts.forgetSealed(conversation, [id, ...changes]);
    this.#swept.add(id);
  }

  /** With what was changed in it, of which nothing else knows once it is gone. */
  async #erase(event: OpenedEvent, timed: Timed): Promise<boolean> {
    const { cache, erase } = this.#parts;
    const changes = await changesOf(cache, event);
    await this.#keep(event.id, { ...timed, changes: changes.slice(-MAX_CHANGES).map((change) => change.id) });
    return erase(event.conversation, [event, ...changes]);
  }

  async #keep(id: MessageId, timed: Timed): Promise<void> {
    await this.#parts.cache.setRecords(AREA, new Map([[id, encode(timed)]]));
    this.#timed.set(id, timed);
  }

  /** The sender shows it no more. Who reads it later has their time, and needs the body until then. */
  async #atServers(
    id: MessageId,
    { conversation, stamp, after, changes }: Timed,
    { receipts }: TimelineState,
  ): Promise<number | undefined> {
    const { clock, me, members, eraseForAll } = this.#parts;
    if (stamp.ms + after + PATIENCE < clock.now()) return this.#forget(id);
    const all = await members(conversation);
    // A device that has not joined does not know who is to read it.
    if (!all.includes(me)) return undefined;
    const others = all.filter((user) => user !== me);
    const times = others.map((user) => receipts.get(id)?.get(user)?.readAt ?? Number.POSITIVE_INFINITY);
    const last = Math.max(stamp.ms, ...times) + after;
    if (!Number.isFinite(last)) return undefined;
    if (last > clock.now()) return last;
    await eraseForAll([id, ...changes]);
    return this.#forget(id);
  }

  /** From now on: what comes meanwhile is noted anew. */
  async #forget(id: MessageId): Promise<undefined> {
    const timed = this.#timed.get(id);
    this.#timed.delete(id);
    try {
      await this.#parts.cache.setRecords(AREA, new Map([[id, undefined]]));
    } catch (error) {
      if (timed && !this.#timed.has(id)) this.#timed.set(id, timed);
      throw error;
    }
    this.#due.delete(id);
    this.#swept.delete(id);
  }
}

export function encode({ conversation, stamp: { ms, counter }, after, changes }: Timed): Uint8Array {
  return encodeItem([2, idBytes(conversation), ms, counter, after, changes.map(idBytes)]);
}

/** @throws PeerError `frame-malformed` */
export function decode(bytes: Uint8Array): Timed {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'disappearing message', 6);
  if (fields.uint() !== 2) fields.fail('version 2');
  const conversation = readId(fields, parseConversationId);
  const stamp = { ms: fields.uint(), counter: fields.uint(MAX_COUNTER) };
  const after = fields.uint();
  const list = fields.list(MAX_CHANGES);
  const ids = new Fields(list, 'changes');
  return { conversation, stamp, after, changes: list.map(() => readId(ids, parseMessageId)) };
}
