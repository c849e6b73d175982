// Messages that disappear some time after they were read: which of those held here wait for that, and their erasure when the time has
// come. What the own user wrote is erased at the servers too, once everybody else has had that time.
//
//   cache records, area 'timed', name message: [1, conversation, ms and counter of its stamp]
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
import { bare, type ClientCache, placeAt } from '../cache/cache.ts';
import { isErased, type OpenedEvent } from '../timeline/events.ts';
import { disappearsAt } from '../timeline/reading.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction, type TimelineState } from '../timeline/state.ts';

const AREA = 'timed';
const MAX_FORM = 128;
/** Milliseconds that a timer may run: those of browsers take no more than 24 days. */
const LONGEST_WAIT = 24 * 3_600_000;

interface Timed {
  readonly conversation: ConversationId;
  readonly stamp: Stamp;
}

export interface DisappearingComponents {
  readonly cache: Pick<ClientCache, 'page' | 'records' | 'setRecords'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly me: UserId;
  readonly settled: (conversation: ConversationId) => readonly TimelineAction[];
  /** Everybody who is to read a conversation, the own user included. */
  readonly members: (conversation: ConversationId) => Promise<readonly UserId[]>;
  readonly erase: (conversation: ConversationId, event: OpenedEvent) => Promise<void>;
  readonly eraseForAll: (id: MessageId) => Promise<void>;
}

export class Disappearing {
  readonly #parts: DisappearingComponents;
  readonly #timed = new Map<MessageId, Timed>();
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(components: DisappearingComponents) {
    this.#parts = components;
  }

  async open(): Promise<void> {
    for (const [name, bytes] of await this.#parts.cache.records(AREA))
      this.#timed.set(parseMessageId(name), decode(bytes));
    await this.look();
  }

  /** Events are held here from now on. */
  async held(events: readonly OpenedEvent[]): Promise<void> {
    const fresh = new Map<MessageId, Timed>();
    for (const { id, conversation, stamp, content } of events) {
      const timer = content && 'expiresAfter' in content && content.kind !== 'timer' ? content.expiresAfter : 0;
      if (timer && stamp && !this.#timed.has(id)) fresh.set(id, { conversation, stamp });
    }
    if (fresh.size === 0) return;
    await this.#parts.cache.setRecords(AREA, new Map([...fresh].map(([id, timed]) => [id, encode(timed)])));
    for (const [id, timed] of fresh) this.#timed.set(id, timed);
    await this.look();
  }

  /** Something was read: erases what has had its time, and waits for what comes next. Never rejects. */
  look(): Promise<void> {
    this.#work = this.#work.then(() => (this.#isOver ? undefined : this.#sweep()));
    return this.#work;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    await this.#work;
  }

  async #sweep(): Promise<void> {
    const { clock } = this.#parts;
    this.#timer?.cancel();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, timed] of this.#timed) {
      try {
        next = Math.min(next, (await this.#one(id, timed)) ?? Number.POSITIVE_INFINITY);
      } catch (error) {
        // What the cache can't do now is tried with the next look.
        if (!(error instanceof CanopyError)) throw error;
      }
    }
    if (next === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(Math.max(next - clock.now(), 1), LONGEST_WAIT);
    this.#timer = clock.after(wait, () => void this.look());
  }

  /** When to look again; undefined when it waits for somebody to read. */
  async #one(id: MessageId, { conversation, stamp }: Timed): Promise<number | undefined> {
    const { cache, clock, me, settled, erase, eraseForAll } = this.#parts;
    // Nothing sorts between a place and itself with a letter behind.
    const page = await cache.page(conversation, { before: `${placeAt(stamp, bare(id))}g`, limit: 1 });
    const [event] = page.events;
    if (event?.id !== id || isErased(event)) return this.#forget(id);
    const { receipts } = page;
    const actions = [{ kind: 'events', events: [event] } as const, { kind: 'receipts', receipts } as const];
    const state = [...actions, ...settled(conversation)].reduce(reduceTimeline, emptyTimeline(conversation));
    const gone = disappearsAt(state, event, me);
    if (gone === undefined) return undefined;
    // The sender shows it no more from then on, and keeps it until all the others have had their time.
    const forAll = event.sender === me ? await this.#goneForAll(state, event) : gone;
    if (forAll === undefined || forAll > clock.now()) return forAll;
    if (event.sender === me) await eraseForAll(id);
    await erase(conversation, event);
    return this.#forget(id);
  }

  async #goneForAll(state: TimelineState, event: OpenedEvent): Promise<number | undefined> {
    const { me, members } = this.#parts;
    const { content, conversation, id } = event;
    const after = content && 'expiresAfter' in content ? (content.expiresAfter ?? 0) : 0;
    const others = (await members(conversation)).filter((user) => user !== me);
    const times = others.map((user) => state.receipts.get(id)?.get(user)?.readAt ?? Number.POSITIVE_INFINITY);
    const last = Math.max(...times);
    return Number.isFinite(last) ? last + after : undefined;
  }

  async #forget(id: MessageId): Promise<undefined> {
    await this.#parts.cache.setRecords(AREA, new Map([[id, undefined]]));
    this.#timed.delete(id);
  }
}

export function encode({ conversation, stamp: { ms, counter } }: Timed): Uint8Array {
  return encodeItem([1, idBytes(conversation), ms, counter]);
}

/** @throws PeerError `frame-malformed` */
export function decode(bytes: Uint8Array): Timed {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'disappearing message', 4);
  if (fields.uint() !== 1) fields.fail('version 1');
  const conversation = readId(fields, parseConversationId);
  return { conversation, stamp: { ms: fields.uint(), counter: fields.uint(MAX_COUNTER) } };
}
