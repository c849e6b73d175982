// Messages that disappear some time after they were read: which of those held here wait for that, and their erasure when the time has
// come. What the own user wrote is erased at the servers too, once everybody else has told of reading it and has had that time; where
// somebody never tells, it stays there, sealed, for as long as the realm keeps messages.
//
//   cache records, area 'timed': timed-notes.ts
import type { Clock, Timer } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../../realm/ids.ts';
import { type ClientCache, changesOf, pageOfOne } from '../cache/cache.ts';
import { isErased, type OpenedEvent } from '../timeline/events.ts';
import { lastsFor } from '../timeline/fleeting.ts';
import { disappearsAt } from '../timeline/reading.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction, type TimelineState } from '../timeline/state.ts';
import { decode, encode, idIn, MAX_CHANGES, type Name, nameOf, type Timed } from './timed-notes.ts';

const AREA = 'timed';
/** Milliseconds that a timer may run: those of browsers take no more than 24 days. */
const LONGEST_WAIT = 24 * 3_600_000;
/** Milliseconds after which what could not be done is tried again. */
const RETRY = 60_000;
/** Milliseconds for which the last reader of an own message is waited for. */
const PATIENCE = 60 * 24 * 3_600_000;

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
  readonly #timed = new Map<Name, Timed>();
  /** When to look at it again. What is not in it waits for somebody to read. */
  readonly #due = new Map<Name, number>();
  /** Noted, and not yet held. */
  readonly #coming = new Set<Name>();
  /** Of which this run knows that nothing of them is kept. */
  readonly #swept = new Set<Name>();
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(components: DisappearingComponents) {
    this.#parts = components;
  }

  /** What had its time while nobody looked goes in the background. */
  async open(): Promise<void> {
    for (const [name, bytes] of await this.#parts.cache.records(AREA)) {
      const timed = decode(bytes);
      this.#timed.set(nameOf(idIn(name), timed.stamp), timed);
    }
    void this.#look([...this.#timed.keys()]);
  }

  /**
   * Events are to be held here: what is to disappear is known before it is there, so that no end of the client comes between.
   * @throws LocalError `cache-full`, `cache-failed`
   */
  async note(events: readonly OpenedEvent[]): Promise<void> {
    const fresh = new Map<Name, Timed>();
    for (const { id, conversation, stamp, content } of events) {
      const after = lastsFor(content);
      if (!after || !stamp) continue;
      const name = nameOf(id, stamp);
      this.#coming.add(name);
      if (!this.#timed.has(name)) fresh.set(name, { conversation, stamp, after, changes: [] });
    }
    if (fresh.size === 0) return;
    await this.#parts.cache.setRecords(AREA, new Map([...fresh].map(([name, timed]) => [name, encode(timed)])));
    for (const [name, timed] of fresh) this.#timed.set(name, timed);
  }

  /** Those of them that are held. Never rejects. */
  held(events: readonly OpenedEvent[]): Promise<void> {
    const names = events.flatMap(({ id, stamp }) => (stamp ? [nameOf(id, stamp)] : []));
    const noted = names.filter((name) => this.#coming.delete(name));
    return noted.length > 0 ? this.#look(noted) : Promise.resolve();
  }

  /** An own change of what is erased here already: it goes at the servers with that. False for what waits for no such thing. */
  async changed(id: MessageId, change: MessageId): Promise<boolean> {
    const [known] = [...this.#timed].filter(([name]) => idIn(name) === id);
    if (!known) return false;
    const [name, timed] = known;
    if (timed.changes.includes(change)) return true;
    if (timed.changes.length >= MAX_CHANGES) return false;
    await this.#keep(name, { ...timed, changes: [...timed.changes, change] });
    return true;
  }

  /** The own user read something of a conversation. What has its time already keeps it. Never rejects. */
  read(conversation: ConversationId): Promise<void> {
    const waiting = [...this.#timed].filter(
      ([name, { conversation: its }]) => its === conversation && !this.#due.has(name),
    );
    return this.#look(waiting.map(([name]) => name));
  }

  /** Others told of reading these. Never rejects. */
  told(ids: readonly MessageId[]): Promise<void> {
    const told = new Set(ids);
    return this.#look([...this.#timed.keys()].filter((name) => told.has(idIn(name))));
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    await this.#work;
  }

  /** Erases what has had its time, and waits for what comes next. */
  #look(names: readonly Name[]): Promise<void> {
    this.#work = this.#work.then(() => this.#sweep(names));
    return this.#work;
  }

  async #sweep(names: readonly Name[]): Promise<void> {
    const { clock } = this.#parts;
    for (const name of names) {
      const timed = this.#timed.get(name);
      if (this.#isOver) return;
      if (!timed) continue;
      try {
        const next = await this.#one(name, timed);
        if (next === undefined) this.#due.delete(name);
        else this.#due.set(name, next);
      } catch (error) {
        if (!(error instanceof CanopyError)) throw error;
        // What the cache can't do now it may do later.
        this.#due.set(name, clock.now() + RETRY);
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
      void this.#look([...this.#due].flatMap(([name, due]) => (due <= now ? [name] : [])));
    });
  }

  /** When to look again; undefined when it waits for somebody to read. */
  async #one(name: Name, timed: Timed): Promise<number | undefined> {
    const { cache, clock, me, settled } = this.#parts;
    const { conversation, stamp } = timed;
    const { events, receipts } = await pageOfOne(cache, { id: idIn(name), conversation, stamp });
    const [event] = events;
    if (!event) return this.#coming.has(name) ? undefined : this.#forget(name);
    const actions = [{ kind: 'events', events: [event] } as const, { kind: 'receipts', receipts } as const];
    const state = [...actions, ...settled(conversation)].reduce(reduceTimeline, emptyTimeline(conversation));
    if (!isErased(event)) {
      const gone = disappearsAt(state, event, me);
      if (gone === undefined || gone > clock.now()) return gone;
      if (!(await this.#erase(name, event, timed))) return clock.now() + RETRY;
    }
    const known = this.#timed.get(name) ?? timed;
    await this.#sweepSealed(name, known);
    return event.sender === me ? this.#atServers(name, known, state) : this.#forget(name);
  }

  /** An earlier run may have ended between the two. */
  async #sweepSealed(name: Name, { conversation, changes }: Timed): Promise<void> {
    if (this.#swept.has(name)) return;
    await this.#parts.forgetSealed(conversation, [idIn(name), ...changes]);
    this.#swept.add(name);
  }

  /** With what was changed in it, of which nothing else knows once it is gone. */
  async #erase(name: Name, event: OpenedEvent, timed: Timed): Promise<boolean> {
    const { cache, erase } = this.#parts;
    const changes = await changesOf(cache, event);
    await this.#keep(name, { ...timed, changes: changes.slice(-MAX_CHANGES).map((change) => change.id) });
    return erase(event.conversation, [event, ...changes]);
  }

  async #keep(name: Name, timed: Timed): Promise<void> {
    await this.#parts.cache.setRecords(AREA, new Map([[name, encode(timed)]]));
    this.#timed.set(name, timed);
  }

  /** The sender shows it no more. Who reads it later has their time, and needs the body until then. */
  async #atServers(
    name: Name,
    { conversation, stamp, after, changes }: Timed,
    { receipts }: TimelineState,
  ): Promise<number | undefined> {
    const { clock, me, members, eraseForAll } = this.#parts;
    const id = idIn(name);
    if (stamp.ms + after + PATIENCE < clock.now()) return this.#forget(name);
    const all = await members(conversation);
    // A device that has not joined does not know who is to read it.
    if (!all.includes(me)) return undefined;
    const others = all.filter((user) => user !== me);
    const times = others.map((user) => receipts.get(id)?.get(user)?.readAt ?? Number.POSITIVE_INFINITY);
    const last = Math.max(stamp.ms, ...times) + after;
    if (!Number.isFinite(last)) return undefined;
    if (last > clock.now()) return last;
    await eraseForAll([id, ...changes]);
    return this.#forget(name);
  }

  /** From now on: what comes meanwhile is noted anew. */
  async #forget(name: Name): Promise<undefined> {
    const timed = this.#timed.get(name);
    this.#timed.delete(name);
    try {
      await this.#parts.cache.setRecords(AREA, new Map([[name, undefined]]));
    } catch (error) {
      if (timed && !this.#timed.has(name)) this.#timed.set(name, timed);
      throw error;
    }
    this.#due.delete(name);
    this.#swept.delete(name);
  }
}
