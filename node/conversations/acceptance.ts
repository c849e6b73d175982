// Accepting a message of a local user: checked, stamped, written to the log and to the outboxes in one durable batch.
import { sha256 } from '@noble/hashes/sha2.js';
import { equals } from 'uint8arrays/equals';
import { type Envelope, encodeEnvelope, MAX_BODY, MAX_RECIPIENTS } from '../../src/crypto/envelope.ts';
import { mayWrite } from '../../src/crypto/roster.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import { directConversationId, type UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { MessageBlobs } from '../blobs/blobs.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Directory, UserProfile } from '../directory/directory.ts';
import type { ArrivalLog } from './arrival-log.ts';
import type { Blocks } from './blocks.ts';
import type { Stored, Submission, Submitter } from './conversations.ts';
import type { EventStore, MessageEntry } from './event-store.ts';
import { type GroupState, hearing, membersAt, realmsOf } from './group-state.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { MessageLimits, MessageRules } from './message-rules.ts';
import type { Rosters } from './rosters.ts';
import { Turns } from './turns.ts';

export interface AcceptanceComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly stamps: HybridClock;
  readonly store: EventStore;
  readonly arrivals: ArrivalLog;
  readonly outbox: Pick<Outbox, 'add' | 'assertRoom'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly rules?: Pick<MessageRules, 'outgoing'>;
  /** Whom users want to hear nothing from; they are not told of messages, and senders not of that. */
  readonly blocks?: Pick<Blocks, 'isBlocked'>;
  /** Absent: there are no files. */
  readonly blobs?: Pick<MessageBlobs, 'assertMayRefer'>;
  /** Absent: there are no groups. */
  readonly rosters?: Pick<Rosters, 'find'>;
  readonly limits?: () => MessageLimits;
}

export class Acceptance {
  readonly #parts: AcceptanceComponents;
  readonly #turns = new Turns();
  /** Messages on their way to the disk, by sender and id: a repetition waits for the first. */
  readonly #writing = new Map<string, Promise<Stored>>();

  constructor(parts: AcceptanceComponents) {
    this.#parts = parts;
  }

  /** Messages of one sender are stamped and numbered in the order of the calls. */
  async submit(from: Submitter, message: Submission): Promise<Stored> {
    this.#checkForm(from, message);
    // Only what decides about the order has its turn: the next message is handed over while this one is being written.
    const { written } = await this.#turns.run(from.user, () => this.#handOver(from, message));
    return written;
  }

  async #handOver(from: Submitter, message: Submission): Promise<{ written: Promise<Stored> }> {
    const which = `${from.user}/${message.id}`;
    await this.#writing.get(which)?.catch(() => undefined);
    const before = await this.#parts.store.message(message.id, from.user);
    if (before) return { written: Promise.resolve(sameAnswer(before, message)) };
    const group = message.recipients.length === 0 ? await this.#groupOf(from, message) : undefined;
    await this.#parts.blobs?.assertMayRefer(from.user, message.blobs ?? []);
    const written = this.#accept(from, message, group).finally(() => this.#writing.delete(which));
    this.#writing.set(which, written);
    return { written };
  }

  #checkForm({ user }: Submitter, { conversation, recipients, body }: Submission): void {
    const most = Math.min(MAX_BODY, this.#parts.limits?.().size ?? MAX_BODY);
    if (body.length > most) throw new InputError('body-too-long', `A body of ${body.length} bytes; at most ${most}`);
    if (recipients.length > MAX_RECIPIENTS) {
      throw new InputError('too-many-recipients', `${recipients.length} recipients; at most ${MAX_RECIPIENTS}`);
    }
    if (recipients.length > 0 && !isDirect(conversation, user, recipients)) {
      throw new InputError(
        'conversation-unknown',
        `${conversation} is not the conversation of its sender and recipient`,
      );
    }
  }

  /** @throws RefusedError `conversation-unknown`, `not-a-member`, `may-not-write` */
  async #groupOf({ user }: Submitter, { conversation }: Submission): Promise<GroupState> {
    const group = await this.#parts.rosters?.find(conversation);
    if (!group) throw new RefusedError('conversation-unknown', `No group ${conversation} of this user is known`);
    const role = group.members.get(user)?.role;
    if (!role) throw new RefusedError('not-a-member', `${user} is no member of ${conversation}`);
    if (!mayWrite(group, role)) throw new RefusedError('may-not-write', 'In news administrators alone write');
    return group;
  }

  async #accept(from: Submitter, message: Submission, group?: GroupState): Promise<Stored> {
    const homes = group ? this.#homesOfGroup(from.user, message, group) : this.#homesOf(from.user, message);
    const { stamps, arrivals, outbox, clock } = this.#parts;
    const stamp = stamps.tick();
    const encoded = encodeEnvelope(this.#envelope(from, message, stamp));
    const added = homes.map((home) => outbox.add(home, encoded, clock.now()));
    const { realm, blocks } = this.#parts;
    const audience = group
      ? hearing(membersAt(group, realm), group, from.user, blocks)
      : this.#localOf(from.user, message.recipients);
    const at = { arrivedAt: clock.now(), stamp, clockAhead: false } as const;
    const record = { kind: 'message', ...at, path: 'local', pathRef: new Uint8Array(), encoded } as const;
    await arrivals.append([{ record, audience }], { added });
    return { state: 'stored', stamp, already: false };
  }

  /** One envelope for each realm that has members. */
  #homesOfGroup(sender: UserId, { expires }: Submission, group: GroupState): RealmName[] {
    const { outbox, realm } = this.#parts;
    this.#checkSender(sender, expires);
    const homes = [...realmsOf(group)].filter((home) => home !== realm);
    for (const home of homes) outbox.assertRoom(home);
    return homes;
  }

  /** @throws InputError `message-expired`; RefusedError `user-disabled` */
  #checkSender(sender: UserId, expires: number): UserProfile {
    const { clock, directory } = this.#parts;
    if (expires > 0 && expires <= clock.now())
      throw new InputError('message-expired', 'The message has expired already');
    const from = directory.findById(sender);
    if (from?.status !== 'active') throw new RefusedError('user-disabled', `${sender} may not write`);
    return from;
  }

  /** The other realms that must get it. @throws InputError `user-unknown`, `message-expired`; RefusedError `user-disabled`, `outbox-full`, `destination-forbidden`, `trust-scope` */
  #homesOf(sender: UserId, { recipients, expires }: Submission): RealmName[] {
    const { directory, outbox, realm, rules } = this.#parts;
    const from = this.#checkSender(sender, expires);
    const homes = new Set<RealmName>();
    for (const id of recipients) {
      const user = directory.findById(id);
      if (!user) throw new InputError('user-unknown', `Nobody known here has the id ${id}`);
      if (user.status !== 'active') throw new RefusedError('user-disabled', `${id} is disabled`);
      const objection = rules?.outgoing(from, user);
      if (objection) throw new RefusedError(objection, `${from.home} may not write to ${user.home}`);
      if (user.home !== realm) homes.add(user.home);
    }
    for (const home of homes) outbox.assertRoom(home);
    return [...homes];
  }

  #localOf(sender: UserId, recipients: readonly UserId[]): UserId[] {
    const { directory, realm } = this.#parts;
    const local = recipients.filter(
      (user) => directory.findById(user)?.home === realm && this.#parts.blocks?.isBlocked(user, sender) !== true,
    );
    return [...new Set([sender, ...local])];
  }

  #envelope({ user, device }: Submitter, message: Submission, stamp: Envelope['stamp']): Envelope {
    const { id, conversation, recipients, expires, blobs = [], body } = message;
    const { realm: origin, incarnation } = this.#parts;
    const addresses = { version: 1, id, conversation, sender: user, device, recipients, origin, incarnation } as const;
    return { ...addresses, stamp, expires, priority: 'text', durable: true, kind: 'message', blobs, body };
  }
}

/** A conversation of two has the id that follows from the two; other conversations come later. */
export function isDirect(
  conversation: Submission['conversation'],
  sender: UserId,
  recipients: readonly UserId[],
): boolean {
  const [other] = recipients;
  return recipients.length === 1 && other !== undefined && conversation === directConversationId(sender, other);
}

/** @throws ConflictError `id-conflict` */
function sameAnswer(before: MessageEntry, { id, conversation, body }: Submission): Stored {
  if (before.conversation === conversation && equals(before.bodyHash, sha256(body))) {
    return { state: 'stored', stamp: before.stamp, already: true };
  }
  throw new ConflictError('id-conflict', `A message with the id ${id} and another body is stored already`, {
    hint: 'Give each new message an id of its own.',
  });
}
