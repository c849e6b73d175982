// Messages that go: those whose time is over, those that their sender takes back for all, and what a user deletes for himself. The
// body is erased, the header stays, so that whatever hash covers it can still be shown to have been there.
import { type EncodedEnvelope, encodeEnvelope, headerOf } from '../../src/crypto/envelope.ts';
import { type Control, encodeControl } from '../../src/protocols/order/control-body.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Directory } from '../directory/directory.ts';
import type { ArrivalLog, Draft } from './arrival-log.ts';
import type { Cursor, Submitter } from './conversations.ts';
import type { Delivered, JudgedElsewhere } from './delivered.ts';
import { encodeEvent, type MessageRecord } from './event-record.ts';
import type { EventStore } from './event-store.ts';
import {
  arrivalRemoval,
  erasedWrite,
  eventWrite,
  expiryRemoval,
  memberRemoval,
  messageRemovals,
  retainedWrite,
  unreadRemoval,
} from './event-writes.ts';
import { membersAt, realmsOf } from './group-state.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { Rosters } from './rosters.ts';

export interface RemovalsComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit'>;
  readonly store: EventStore;
  readonly arrivals: ArrivalLog;
  readonly stamps: HybridClock;
  readonly outbox: Pick<Outbox, 'add'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly rosters?: Pick<Rosters, 'find'>;
  /** What a message referred to is referred to no longer. */
  readonly forget?: (message: MessageId, sender: UserId) => Promise<Write[]>;
  readonly clock: Pick<Clock, 'now'>;
  readonly newId: () => MessageId;
}

/** Messages that one realm takes back before they came, from one start of this node to the next. */
const MAX_MARKS = 10_000;
/** Messages that one step looks at. */
const STEP = 500;

export class Removals {
  readonly #parts: RemovalsComponents;
  readonly #marks = new Map<RealmName, number>();

  constructor(parts: RemovalsComponents) {
    this.#parts = parts;
  }

  /** Puts a tombstone in the place of each message whose time is over. */
  async removeExpired(): Promise<void> {
    const { store, database, clock } = this.#parts;
    for (;;) {
      const now = clock.now();
      const expired = await store.expired(now, STEP);
      const writes = await Promise.all(
        expired.map(async ({ expires, cursor }) => [
          expiryRemoval(expires, cursor),
          ...((await this.#tombstone(cursor, now))?.writes ?? []),
        ]),
      );
      await database.commit(writes.flat());
      if (expired.length < STEP) return;
    }
  }

  /** What arrived before then; looked through once, from where the last look ended. */
  async removeOld(before: number): Promise<void> {
    const { store, database, clock } = this.#parts;
    for (;;) {
      const events = await store.eventsAfter((await store.retained()) ?? { incarnation: 0, n: 0 }, STEP);
      const old: typeof events = [];
      for (const event of events) {
        if (event.record.kind === 'message' && event.record.arrivedAt >= before) break;
        old.push(event);
      }
      const last = old.at(-1);
      if (!last) return;
      const gone = await Promise.all(old.map(({ cursor }) => this.#tombstone(cursor, clock.now())));
      await database.commit([...gone.flatMap((one) => one?.writes ?? []), retainedWrite(last.cursor)]);
      if (old.length < events.length || events.length < STEP) return;
    }
  }

  async #tombstone(at: Cursor, now: number): Promise<{ record: MessageRecord; writes: Write[] } | undefined> {
    const record = await this.#parts.store.event(at);
    if (record?.kind !== 'message') return undefined;
    const { conversation, id, sender, expires } = record.encoded.envelope;
    const header = headerOf(record.encoded.bytes);
    const removed = encodeEvent({ kind: 'removed', at: now, conversation, id, sender, header });
    const writes = [
      eventWrite(at, removed),
      ...messageRemovals(at, record, await this.#audienceOf(record)),
      ...(expires > 0 ? [expiryRemoval(expires, at)] : []),
      ...((await this.#parts.forget?.(id, sender)) ?? []),
    ];
    return { record, writes };
  }

  async #audienceOf({ encoded: { envelope } }: MessageRecord): Promise<UserId[]> {
    const { recipients, conversation, sender } = envelope;
    const { rosters, realm } = this.#parts;
    const group = recipients.length === 0 ? await rosters?.find(conversation) : undefined;
    return group ? membersAt(group, realm) : [...new Set([...recipients, sender])];
  }

  /** The sender takes a message back for all. @throws RefusedError `message-unknown` */
  async erase({ user, device }: Submitter, id: MessageId): Promise<void> {
    const { store, arrivals, outbox, clock } = this.#parts;
    const entry = await store.message(id, user);
    if (!entry) throw new RefusedError('message-unknown', `No message ${id} of this user is known`);
    const erased = await this.#eraseOne(user, id);
    if (!erased) return;
    const encoded = this.#control({ user, device }, entry.conversation, { kind: 'erase', ids: [id] });
    const homes = await this.#homesOf(erased.record);
    const added = homes.map((home) => outbox.add(home, encoded, clock.now()));
    await arrivals.append([erased.draft], { writes: erased.writes, added });
  }

  async #homesOf({ encoded: { envelope } }: MessageRecord): Promise<RealmName[]> {
    const { rosters, directory, realm } = this.#parts;
    const group = envelope.recipients.length === 0 ? await rosters?.find(envelope.conversation) : undefined;
    const homes = group
      ? realmsOf(group)
      : new Set(envelope.recipients.flatMap((user) => directory.findById(user)?.home ?? []));
    homes.delete(realm);
    return [...homes];
  }

  #control({ user, device }: Submitter, conversation: ConversationId, control: Control): EncodedEnvelope {
    const { realm: origin, incarnation, stamps, newId } = this.#parts;
    const addresses = { version: 1, id: newId(), conversation, sender: user, device, recipients: [], origin } as const;
    const terms = { expires: 0, priority: 'text', durable: true, kind: 'control', blobs: [] } as const;
    return encodeEnvelope({ ...addresses, ...terms, incarnation, stamp: stamps.tick(), body: encodeControl(control) });
  }

  async #eraseOne(
    sender: UserId,
    id: MessageId,
  ): Promise<{ record: MessageRecord; writes: Write[]; draft: Draft } | undefined> {
    const { store, clock, realm, directory } = this.#parts;
    const entry = await store.message(id, sender);
    const gone = entry && (await this.#tombstone(entry.cursor, clock.now()));
    if (!entry || !gone) return undefined;
    const { conversation } = entry;
    const audience: UserId[] = [];
    for (const user of await this.#audienceOf(gone.record)) {
      const isHere = directory.findById(user)?.home === realm;
      if (isHere && (await store.hasArrived(user, entry.cursor))) audience.push(user);
    }
    const record = { kind: 'removed', at: clock.now(), conversation, id, sender, header: new Uint8Array() } as const;
    return { ...gone, draft: { record, audience } };
  }

  /** For delivery: a sender of that realm takes messages back, some of which may not have come yet. */
  async judgeErasure({ encoded, origin }: Delivered, ids: readonly MessageId[]): Promise<JudgedElsewhere> {
    const { store, clock } = this.#parts;
    const { sender, conversation } = encoded.envelope;
    const writes: Write[] = [];
    const drafts: Draft[] = [];
    for (const id of ids) {
      const entry = await store.message(id, sender);
      if (entry && entry.conversation !== conversation) continue;
      if (!entry && this.#mayMark(origin)) writes.push(erasedWrite(id, sender, clock.now()));
      const erased = await this.#eraseOne(sender, id);
      if (!erased) continue;
      writes.push(...erased.writes);
      drafts.push(erased.draft);
    }
    return { outcome: { kind: 'accepted' }, plan: () => ({ writes, drafts }), erases: ids };
  }

  /** What a realm takes back before it came is remembered, so often and no more. */
  #mayMark(origin: RealmName): boolean {
    const count = this.#marks.get(origin) ?? 0;
    this.#marks.set(origin, count + 1);
    return count < MAX_MARKS;
  }

  /**
   * Deletes what a user has of a conversation; a body goes when nobody else here has it. `entirely`: it leaves the list, too, until
   * something comes.
   */
  async clear(user: UserId, conversation: ConversationId, entirely: boolean): Promise<void> {
    const { store, arrivals, clock } = this.#parts;
    if (!(await store.members(user, conversation))) {
      throw new RefusedError('conversation-unknown', `No conversation ${conversation} of this user is known`);
    }
    let before: Awaited<ReturnType<EventStore['log']>>[number]['position'] | undefined;
    for (let more = true; more; ) {
      const rows = await store.log(conversation, before, STEP);
      const writes = await Promise.all(rows.map(({ cursor }) => this.#clearOne(user, conversation, cursor)));
      await this.#parts.database.commit(writes.flat());
      before = rows.at(-1)?.position;
      more = rows.length === STEP;
    }
    const record = { kind: 'cleared', at: clock.now(), conversation, entirely } as const;
    const writes = entirely ? [memberRemoval(user, conversation)] : [];
    await arrivals.append([{ record, audience: [user] }], { writes });
    if (entirely) arrivals.forget(user, conversation);
  }

  async #clearOne(user: UserId, conversation: ConversationId, at: Cursor): Promise<Write[]> {
    const { store, clock } = this.#parts;
    if (!(await store.hasArrived(user, at))) return [];
    const mine = [arrivalRemoval(user, at), unreadRemoval(user, { conversation, cursor: at })];
    const record = await store.event(at);
    if (record?.kind !== 'message') return mine;
    for (const other of await this.#audienceOf(record)) {
      if (other !== user && (await store.hasArrived(other, at))) return mine;
    }
    return [...mine, ...((await this.#tombstone(at, clock.now()))?.writes ?? [])];
  }
}
