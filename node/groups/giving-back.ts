// After a restore clients hold what this node lacks. They ask what is missing and give it back: commits of groups whose order this realm
// keeps, and sealed messages of anybody, which are taken only when the device that wrote them has signed them.

import { encodeEnvelope, MAX_BODY, type Stamp } from '../../src/crypto/envelope.ts';
import { decodeRoster } from '../../src/crypto/roster.ts';
import { assertSealedBy } from '../../src/crypto/sealed-message.ts';
import { encodeCommit } from '../../src/protocols/order/commit-body.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { CanopyError, InputError, RefusedError } from '../../src/realm/errors.ts';
import {
  type ConversationId,
  type DeviceId,
  directConversationId,
  type GroupId,
  type MessageId,
  type UserId,
} from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { LostReferences } from '../blobs/blobs.ts';
import type { ArrivalLog, Draft } from '../conversations/arrival-log.ts';
import type { EventStore } from '../conversations/event-store.ts';
import { membersAt } from '../conversations/group-state.ts';
import type { HybridClock } from '../conversations/hybrid-clock.ts';
import { Turns } from '../conversations/turns.ts';
import type { Directory } from '../directory/directory.ts';
import type { KeyBook } from '../directory/key-book.ts';
import type { Following } from './following.ts';
import { GivenFiles, type GivenName } from './given-files.ts';
import type { GroupBook } from './group-book.ts';
import type { InspectCommit } from './groups.ts';
import type { Takeover } from './takeover.ts';

export interface GivingBackComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly book: GroupBook;
  readonly store: EventStore;
  readonly arrivals: Pick<ArrivalLog, 'append'>;
  readonly stamps: HybridClock;
  readonly directory: Pick<Directory, 'findById'>;
  readonly keys: Pick<KeyBook, 'keysOf'> | undefined;
  readonly following: Pick<Following, 'take'>;
  readonly takeover: Pick<Takeover, 'isDue'>;
  readonly inspect: InspectCommit | undefined;
  readonly database: Pick<Database, 'commit'>;
  /** Absent: there are no files. */
  readonly blobs?: LostReferences | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

export interface GivenCommit {
  readonly epoch: number;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly commit: Uint8Array;
  readonly rosterBytes: Uint8Array;
}

export interface GivenMessage extends GivenName {
  readonly device: DeviceId;
  readonly stamp: Stamp;
  readonly expires: number;
  readonly body: Uint8Array;
}

export class GivingBack {
  readonly #parts: GivingBackComponents;
  readonly #turns = new Turns();
  readonly #files: GivenFiles;

  constructor(parts: GivingBackComponents) {
    this.#parts = parts;
    this.#files = new GivenFiles(parts);
  }

  /** A node in its first incarnation has forgotten nothing. @throws RefusedError `not-restored` */
  #assertRestored(): void {
    if (this.#parts.incarnation <= 1) throw new RefusedError('not-restored', 'This server was never restored');
  }

  /** Those of a conversation that are not here, or not with their files. @throws RefusedError `not-restored`, `conversation-unknown` */
  async missing(user: UserId, conversation: ConversationId, messages: readonly GivenName[]): Promise<MessageId[]> {
    this.#assertRestored();
    await this.#membersOf(user, conversation);
    const whole = await Promise.all(messages.map((one) => this.#files.hasWhole(conversation, one)));
    return messages.flatMap(({ id }, i) => (whole[i] ? [] : [id]));
  }

  /** Commits from where this node stands, in order. Resolves with the epoch that it has then. @throws RefusedError `not-restored`, `not-a-member` */
  async commits(
    user: UserId,
    { conversation, group }: { readonly conversation: ConversationId; readonly group: GroupId },
    commits: readonly GivenCommit[],
  ): Promise<number> {
    this.#assertRestored();
    const { book, following, takeover, directory, realm, inspect } = this.#parts;
    for (const { epoch, sender, device, commit, rosterBytes } of commits) {
      const state = await book.get(conversation, group);
      if (state && !takeover.isDue(state)) return state.epoch;
      const roster = decodeRoster(rosterBytes);
      const wasIn = state ? state.members.has(user) : roster.members.some((member) => member.user === user);
      if (!wasIn) throw new RefusedError('not-a-member', `${user} is no member of this group`);
      if (state && epoch < state.epoch) continue;
      inspect?.({ conversation, group, epoch, commit, rosterBytes, groupInfo: undefined }, state);
      const homes = roster.members.map(
        ({ user: one }) => directory.findById(one)?.home ?? state?.members.get(one)?.home ?? realm,
      );
      const body = encodeCommit({ group, epoch, term: state?.term ?? roster.term, commit, rosterBytes, homes });
      await following.take(conversation, [{ sender, device, body }], realm);
    }
    return (await book.get(conversation, group))?.epoch ?? 0;
  }

  /** Resolves with those that were refused: not signed by a device of their sender, or of no member. @throws RefusedError */
  async messages(user: UserId, conversation: ConversationId, messages: readonly GivenMessage[]): Promise<MessageId[]> {
    this.#assertRestored();
    const refused: MessageId[] = [];
    await this.#turns.run(conversation, async () => {
      const members = await this.#membersOf(user, conversation);
      for (const message of messages) {
        const blobs = await this.#files.believed(user, message);
        await this.#files.add(conversation, message, blobs);
        const draft = await this.#judge(conversation, members, { ...message, blobs });
        if (draft === 'refused') refused.push(message.id);
        else if (draft) await this.#parts.arrivals.append([draft]);
      }
    });
    return refused;
  }

  /** Those of the conversation who are of this realm. */
  async #membersOf(
    user: UserId,
    conversation: ConversationId,
  ): Promise<{ all: UserId[]; here: UserId[]; isGroup: boolean }> {
    const { book, store, directory, realm } = this.#parts;
    const group = await book.find(conversation);
    if (group?.members.has(user))
      return { all: [...group.members.keys()], here: membersAt(group, realm), isGroup: true };
    const listed = (await store.members(user, conversation)) ?? [];
    const [one, other] = listed;
    if (!one || !other || conversation !== directConversationId(one, other)) {
      throw new RefusedError('conversation-unknown', `No conversation ${conversation} of this user is known`);
    }
    return { all: listed, here: listed.filter((who) => directory.findById(who)?.home === realm), isGroup: false };
  }

  async #judge(
    conversation: ConversationId,
    { all, here, isGroup }: { all: UserId[]; here: UserId[]; isGroup: boolean },
    { id, sender, device, stamp, expires, body, blobs = [] }: GivenMessage,
  ): Promise<Draft | 'refused' | undefined> {
    const { store, directory, keys, realm, clock, stamps } = this.#parts;
    if (body.length > MAX_BODY) throw new InputError('body-too-long', `A body has at most ${MAX_BODY} bytes`);
    if (await store.message(id, sender)) return undefined;
    if ((await store.isErased(id, sender)) || (expires > 0 && expires <= clock.now())) return undefined;
    const home = directory.findById(sender)?.home;
    const certificate = home && keys?.keysOf(home, sender).devices.find((one) => one.device === device);
    if (!certificate || !all.includes(sender)) return 'refused';
    try {
      assertSealedBy(body, { conversation, message: id, sender, device }, certificate);
    } catch (error) {
      if (error instanceof CanopyError) return 'refused';
      throw error;
    }
    const recipients = isGroup ? [] : all.filter((who) => who !== sender);
    const addresses = {
      version: 1,
      id,
      conversation,
      sender,
      device,
      recipients,
      origin: home,
      incarnation: 0,
    } as const;
    const terms = { priority: 'text', durable: true, kind: 'message', blobs, stamp, expires } as const;
    const encoded = encodeEnvelope({ ...addresses, ...terms, body });
    const seen = { arrivedAt: clock.now(), ...stamps.see(stamp), pathRef: new Uint8Array() };
    const record = { kind: 'message', ...seen, path: home === realm ? 'local' : 'custody', encoded } as const;
    return { record, audience: here };
  }
}
