// Groups, as a person acts on them: made, joined by others, changed, left. Each change is a commit that every member's device checks
// (src/crypto/mls/rights.ts); the name and the picture are sealed events like any other.

import { wishedRoster } from '../crypto/intent.ts';
import type { GroupChange } from '../crypto/mls/committing.ts';
import type { MlsGroup } from '../crypto/mls/mls-group.ts';
import { MAX_ADDED } from '../crypto/mls/suite.ts';
import { type MemberRole, type RosterKind, type RosterMember, roleOf } from '../crypto/roster.ts';
import { CanopyError, InputError, RefusedError, UnreachableError } from '../realm/errors.ts';
import { type ConversationId, parseConversationId, type UserId } from '../realm/ids.ts';
import type { RealmName } from '../realm/names.ts';
import type { Engine } from './engine/engine.ts';
import { failure } from './failure.ts';
import type { PendingChange, PendingChanges, Wish } from './pending-changes.ts';
import { randomId } from './random-id.ts';

/** `pending`: home is out of reach; the change is signed, shown as pending, and done by whoever reaches home first. */
export type Outcome = 'done' | 'pending';

/** Not for want of a home. */
const STALLED: readonly string[] = ['group-busy', 'group-behind'];

export interface NewGroupRequest {
  readonly name: string;
  /** `news`: administrators alone write. */
  readonly kind?: Exclude<RosterKind, 'direct'>;
  /** Besides oneself, who becomes the owner. */
  readonly members: readonly UserId[];
}

export interface GroupMembers {
  readonly kind: RosterKind;
  readonly members: readonly RosterMember[];
  /** What members want and nobody could do yet. */
  readonly pending: readonly PendingChange[];
}

export interface GroupsComponents {
  readonly engine: Engine;
  readonly pending: PendingChanges;
  readonly me: UserId;
  readonly home: RealmName;
  /** Says the name once there is a group to say it in. */
  readonly describe: (conversation: ConversationId, name: string) => Promise<unknown>;
  /** Says name, picture and timer again: whoever comes into a group reads nothing of before. */
  readonly restate: (conversation: ConversationId) => Promise<unknown>;
}

export class Groups {
  readonly #parts: GroupsComponents;

  constructor(components: GroupsComponents) {
    this.#parts = components;
  }

  /** @throws UnreachableError `recipient-no-device` when nobody else has a device yet; InputError `too-many-people` */
  async create({ name, kind = 'group', members }: NewGroupRequest): Promise<ConversationId> {
    const { engine, me, home, describe } = this.#parts;
    const conversation = parseConversationId(randomId());
    const others = [...new Set(members)].filter((user) => user !== me);
    if (others.length > MAX_ADDED)
      throw new InputError('too-many-people', `at most ${MAX_ADDED} at a time; invite the rest later`);
    const listed: RosterMember[] = others.map((user) => ({ user, role: 'member' }));
    await engine.createGroup(conversation, { kind, home, term: 0, members: [{ user: me, role: 'owner' }, ...listed] });
    if (name !== '') await describe(conversation, name);
    return conversation;
  }

  /** As this device knows it; what waits for its home beside. @throws RefusedError `conversation-unknown` */
  async members(conversation: ConversationId): Promise<GroupMembers> {
    const known = await this.#parts.engine.known(conversation);
    if (!known) throw failure(RefusedError, 'conversation-unknown');
    const { kind, members } = known.roster;
    const pending = await this.#parts.pending.list(conversation).catch((error: unknown) => {
      if (!(error instanceof CanopyError)) throw error;
      return [];
    });
    return { kind, members, pending };
  }

  /** @throws PeerError `not-allowed` */
  async invite(conversation: ConversationId, users: readonly UserId[], role: MemberRole = 'member'): Promise<Outcome> {
    const { engine, restate } = this.#parts;
    const wishes = [...new Set(users)].map((subject) => ({ act: 'add', subject, role }) as const);
    const outcome = await this.#change(conversation, wishes, async ({ roster }) => ({
      add: await engine.packagesOf(users.filter((user) => roleOf(roster, user) === undefined)),
    }));
    if (outcome === 'done') await restate(conversation);
    return outcome;
  }

  /** From the next epoch on none of their devices reads anything. @throws PeerError `not-allowed` */
  remove(conversation: ConversationId, user: UserId): Promise<Outcome> {
    return this.#change(conversation, [{ act: 'remove', subject: user, role: 'member' }], async (group) => ({
      remove: group.members().flatMap((one) => (one.user === user ? [{ user, device: one.device }] : [])),
    }));
  }

  /** @throws PeerError `not-allowed` for the last owner, who hands over first */
  leave(conversation: ConversationId): Promise<Outcome> {
    return this.#change(conversation, [{ act: 'remove', subject: this.#parts.me, role: 'member' }], async () => ({}));
  }

  /** @throws PeerError `not-allowed` */
  setRole(conversation: ConversationId, user: UserId, role: MemberRole): Promise<Outcome> {
    return this.#change(conversation, [{ act: 'role', subject: user, role }], async () => ({}));
  }

  /** Where home is out of reach, signed intents take its place. */
  async #change(
    conversation: ConversationId,
    wishes: readonly Wish[],
    devices: (group: MlsGroup) => Promise<Pick<GroupChange, 'add' | 'remove'>>,
  ): Promise<Outcome> {
    const { engine, pending } = this.#parts;
    try {
      await engine.changeGroup(conversation, async (group) => {
        return { ...(await devices(group)), roster: wishes.reduce(wishedRoster, group.roster) };
      });
      return 'done';
    } catch (error) {
      if (!(error instanceof UnreachableError) || STALLED.includes(error.code)) throw error;
      await pending.ask(conversation, wishes);
      return 'pending';
    }
  }
}
