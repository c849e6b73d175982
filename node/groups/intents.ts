// What members want changed and nobody could commit yet. An intent is written here, goes to every realm with members, and is shown as
// pending; members who reach the home commit it, and the first to do so wins. It is dropped when a commit has made it so.
//
//   ('intent', conversation, id) -> [group, sender, device, arrived at, intent]
import { encodeEnvelope, readId } from '../../src/crypto/envelope.ts';
import { inOrder, isFulfilled, MAX_INTENT, openIntent, type SignedIntent } from '../../src/crypto/intent.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import { encodeControl } from '../../src/protocols/order/control-body.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError, RefusedError } from '../../src/realm/errors.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  idBytes,
  type MessageId,
  parseDeviceId,
  parseGroupId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, under } from '../../src/store/keys.ts';
import type { ArrivalLog, Draft } from '../conversations/arrival-log.ts';
import type { Delivered, JudgedElsewhere } from '../conversations/delivered.ts';
import { membersAt, realmsOf } from '../conversations/group-state.ts';
import type { HybridClock } from '../conversations/hybrid-clock.ts';
import { Turns } from '../conversations/turns.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { GroupBook } from './group-book.ts';
import type { StoredGroup } from './group-record.ts';
import type { Author } from './groups.ts';

export interface IntentsComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly book: GroupBook;
  readonly arrivals: Pick<ArrivalLog, 'append'>;
  readonly stamps: HybridClock;
  readonly outbox: Pick<Outbox, 'add' | 'assertRoom'>;
  readonly clock: Pick<Clock, 'now'>;
}

export interface PendingIntent {
  readonly intent: SignedIntent;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** That wait in one group, and those of one author among them. */
export const MAX_PENDING = 200;
export const MAX_OF_AUTHOR = 20;
/** Milliseconds: nobody has made a commit of it by then. */
const MAX_AGE = 30 * 24 * 3600_000;

const rowOf = (conversation: ConversationId, id: MessageId): Uint8Array =>
  key('intent', idBytes(conversation), idBytes(id));

export class Intents {
  readonly #parts: IntentsComponents;
  readonly #turns = new Turns();

  constructor(parts: IntentsComponents) {
    this.#parts = parts;
  }

  /**
   * Of a user of this realm. Resolves once it is on disk. The same again changes nothing.
   * @throws RefusedError `conversation-unknown`, `not-a-member`, `intent-limit`; InputError `intent-wrong`; PeerError of openIntent
   */
  async propose(
    { user, device }: Author,
    conversation: ConversationId,
    group: GroupId,
    bytes: Uint8Array,
  ): Promise<SignedIntent> {
    const { book, realm, outbox } = this.#parts;
    const intent = openIntent(bytes);
    const state = await book.get(conversation, group);
    if (!state) throw new RefusedError('conversation-unknown', `No group ${conversation} of this user is known`);
    const why = objection(state, intent, { user, device });
    if (why === 'not-a-member') throw new RefusedError(why, `${user} is no member of this group`);
    if (why !== undefined) throw new InputError(why, 'The intent is of another conversation or of another device');
    const homes = [...realmsOf(state)].filter((home) => home !== realm);
    for (const home of homes) outbox.assertRoom(home);
    return this.#turns.run(conversation, async () => {
      const room = await this.#room(conversation, user, intent.id);
      if (room === 'full') throw new RefusedError('intent-limit', `A member has at most ${MAX_OF_AUTHOR} intents`);
      if (room === 'known') return intent;
      const { arrivals, clock } = this.#parts;
      const encoded = this.#envelope({ user, device }, intent, bytes);
      const added = homes.map((home) => outbox.add(home, encoded, clock.now()));
      const { writes, drafts } = this.#record(state, { user, device }, intent, bytes);
      await arrivals.append(drafts, { writes, added });
      return intent;
    });
  }

  #envelope(
    { user, device }: Pick<Author, 'user' | 'device'>,
    { id, conversation, group }: SignedIntent,
    intent: Uint8Array,
  ) {
    const { realm: origin, incarnation, stamps, clock } = this.#parts;
    const addresses = {
      version: 1,
      id,
      conversation,
      sender: user,
      device,
      recipients: [],
      origin,
      incarnation,
    } as const;
    const terms = { priority: 'text', durable: true, kind: 'control', blobs: [], stamp: stamps.tick() } as const;
    const expires = clock.now() + MAX_AGE;
    return encodeEnvelope({ ...addresses, ...terms, expires, body: encodeControl({ kind: 'intent', group, intent }) });
  }

  #record(
    state: StoredGroup,
    { user, device }: Pick<Author, 'user' | 'device'>,
    { id, conversation, group }: SignedIntent,
    bytes: Uint8Array,
  ): { writes: Write[]; drafts: Draft[] } {
    const at = this.#parts.clock.now();
    const value = encodeItem([idBytes(group), idBytes(user), idBytes(device), at, bytes]);
    const record = { kind: 'intent', at, conversation, id, sender: user } as const;
    return {
      writes: [{ type: 'put', key: rowOf(conversation, id), value }],
      drafts: [{ record, audience: membersAt(state, this.#parts.realm) }],
    };
  }

  async #room(conversation: ConversationId, author: UserId, id: MessageId): Promise<'free' | 'known' | 'full'> {
    const all = await this.#all(conversation);
    if (all.some(({ intent }) => intent.id === id)) return 'known';
    const mine = all.filter(({ sender }) => sender === author);
    return all.length >= MAX_PENDING || mine.length >= MAX_OF_AUTHOR ? 'full' : 'free';
  }

  /** For delivery: the sender is of the batch's realm. */
  async judge({ encoded }: Delivered, bytes: Uint8Array): Promise<JudgedElsewhere> {
    const { conversation, sender: user, device } = encoded.envelope;
    const intent = openIntent(bytes);
    const state = await this.#parts.book.get(conversation, intent.group);
    if (!state) return rejected('conversation-unknown');
    const why = objection(state, intent, { user, device });
    if (why !== undefined) return rejected(why);
    const room = await this.#room(conversation, user, intent.id);
    if (room === 'full') return rejected('intent-limit');
    if (room === 'known' || isFulfilled(intent, listed(state))) return { outcome: { kind: 'duplicate' } };
    return { outcome: { kind: 'accepted' }, plan: () => this.#record(state, { user, device }, intent, bytes) };
  }

  /** Removal first. @throws RefusedError `conversation-unknown`, `not-a-member` */
  async list(user: UserId, conversation: ConversationId): Promise<PendingIntent[]> {
    const { book } = this.#parts;
    const state = await book.find(conversation);
    // Whoever never was in it does not even learn that it is there.
    if (!state || !(await book.span(user, conversation, state.group))) {
      throw new RefusedError('conversation-unknown', `No group ${conversation} of this user is known`);
    }
    if (!state.members.has(user)) throw new RefusedError('not-a-member', `${user} is no member of this group`);
    const oldest = this.#parts.clock.now() - MAX_AGE;
    const all = (await this.#all(conversation)).filter(({ at, intent }) => at > oldest && intent.group === state.group);
    const byId = new Map(all.map((one) => [one.intent.id, one]));
    return inOrder(all.map(({ intent }) => intent)).flatMap(({ id }) => byId.get(id) ?? []);
  }

  /** A commit was applied: what it has done is no longer wanted, and those who have left want nothing. */
  async settle(conversation: ConversationId): Promise<void> {
    await this.#turns.run(conversation, async () => {
      const { book, database, clock } = this.#parts;
      const state = await book.find(conversation);
      if (!state) return;
      const oldest = clock.now() - MAX_AGE;
      const done = (await this.#all(conversation)).filter(
        ({ intent, sender, at }) => isFulfilled(intent, listed(state)) || !state.members.has(sender) || at <= oldest,
      );
      await database.commit(done.map(({ intent }) => ({ type: 'del', key: rowOf(conversation, intent.id) })));
    });
  }

  async #all(conversation: ConversationId): Promise<PendingIntent[]> {
    const found: PendingIntent[] = [];
    for await (const [, value] of this.#parts.database.iterate(under('intent', idBytes(conversation)))) {
      const fields = new Fields(decodeStrict(value, MAX_INTENT + 128), 'pending intent', 5);
      readId(fields, parseGroupId);
      const who = { sender: readId(fields, parseUserId), device: readId(fields, parseDeviceId), at: fields.uint() };
      const bytes = fields.bytes(MAX_INTENT);
      found.push({ ...who, bytes, intent: openIntent(bytes) });
    }
    return found;
  }
}

function objection(state: StoredGroup, intent: SignedIntent, by: Pick<Author, 'user' | 'device'>): string | undefined {
  if (!state.members.has(by.user)) return 'not-a-member';
  const { certificate, conversation, group } = intent;
  const isTheirs = certificate.user === by.user && certificate.device === by.device;
  return isTheirs && conversation === state.conversation && group === state.group ? undefined : 'intent-wrong';
}

function listed({ members }: StoredGroup) {
  return { members: [...members].map(([user, { role }]) => ({ user, role })) };
}

const rejected = (code: string): JudgedElsewhere => ({ outcome: { kind: 'rejected', code } });
