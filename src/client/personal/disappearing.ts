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
  readonly erase: (conversation: ConversationId, events: readonly OpenedEvent[]) => Promise<void>;
  /** At the servers. */
  readonly eraseForAll: (ids: readonly MessageId[]) => Promise<void>;
}

export class Disappearing {
  readonly #parts: DisappearingComponents;
  readonly #timed = new Map<MessageId, Timed>();
  /** When to look at it again. What is not in it waits for somebody to read. */
  readonly #due = new Map<MessageId, number>();
  /** Held, and not yet noted in the cache. */
  readonly #unnoted = new Map<MessageId, Timed>();
  #timer: Timer | undefined;
  #retry: Timer | undefined;
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

  /** Events are held here from now on. Never rejects: what there is no room to note is noted as soon as there is some. */
  held(events: readonly OpenedEvent[]): Promise<void> {
    for (const { id, conversation, stamp, content } of events) {
      const after = lastsFor(content);
      const isNew = !this.#timed.has(id) && !this.#unnoted.has(id);
      if (after && stamp && isNew) this.#unnoted.set(id, { conversation, stamp, after, changes: [] });
    }
    return this.#note();
  }

  async #note(): Promise<void> {
    const { cache, clock } = this.#parts;
    const fresh = new Map(this.#unnoted);
    if (fresh.size === 0 || this.#isOver) return;
    try {
      await cache.setRecords(AREA, new Map([...fresh].map(([id, timed]) => [id, encode(timed)])));
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      this.#retry ??= clock.after(RETRY, () => {
        this.#retry = undefined;
        void this.#note();
      });
      return;
    }
    for (const [id, timed] of fresh) {
      this.#unnoted.delete(id);
      this.#timed.set(id, timed);
    }
    void this.#look([...fresh.keys()]);
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
    this.#retry?.cancel();
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
    if (!event) return this.#forget(id);
    const actions = [{ kind: 'events', events: [event] } as const, { kind: 'receipts', receipts } as const];
    const state = [...actions, ...settled(conversation)].reduce(reduceTimeline, emptyTimeline(conversation));
    let known = timed;
    if (!isErased(event)) {
      const gone = disappearsAt(state, event, me);
      if (gone === undefined || gone > clock.now()) return gone;
      known = await this.#erase(event, timed);
    }
    return event.sender === me ? this.#atServers(id, known, state) : this.#forget(id);
  }

  /** With what was changed in it, of which nothing else knows once it is gone. */
  async #erase(event: OpenedEvent, timed: Timed): Promise<Timed> {
    const { cache, erase } = this.#parts;
    const { id, conversation } = event;
    const changes = await changesOf(cache, event);
    const known = { ...timed, changes: changes.slice(-MAX_CHANGES).map((change) => change.id) };
    await cache.setRecords(AREA, new Map([[id, encode(known)]]));
    this.#timed.set(id, known);
    await erase(conversation, [event, ...changes]);
    return known;
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

  async #forget(id: MessageId): Promise<undefined> {
    await this.#parts.cache.setRecords(AREA, new Map([[id, undefined]]));
    this.#timed.delete(id);
    this.#due.delete(id);
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
