// Groups, as a person acts on them: made, joined by others, changed, left. Each change is a commit that every member's device checks
// (src/crypto/mls/rights.ts); the name and the picture are sealed events like any other.
import type { GroupChange } from '../crypto/mls/committing.ts';
import type { MlsGroup } from '../crypto/mls/mls-group.ts';
import { MAX_ADDED } from '../crypto/mls/suite.ts';
import { type MemberRole, type Roster, type RosterKind, type RosterMember, roleOf } from '../crypto/roster.ts';
import { InputError, RefusedError } from '../realm/errors.ts';
import { type ConversationId, parseConversationId, type UserId } from '../realm/ids.ts';
import type { RealmName } from '../realm/names.ts';
import type { Engine } from './engine/engine.ts';
import { failure } from './failure.ts';
import { randomId } from './random-id.ts';

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
}

export interface GroupsComponents {
  readonly engine: Engine;
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

  /** As this device knows it. @throws RefusedError `conversation-unknown` */
  async members(conversation: ConversationId): Promise<GroupMembers> {
    const group = await this.#parts.engine.group(conversation);
    if (!group) throw failure(RefusedError, 'conversation-unknown');
    return { kind: group.roster.kind, members: group.roster.members };
  }

  /** @throws PeerError `not-allowed` */
  async invite(conversation: ConversationId, users: readonly UserId[], role: MemberRole = 'member'): Promise<void> {
    const { engine, restate } = this.#parts;
    await engine.changeGroup(conversation, async (group) => {
      const fresh = [...new Set(users)].filter((user) => roleOf(group.roster, user) === undefined);
      const members = [...group.roster.members, ...fresh.map((user) => ({ user, role }))];
      return { add: await engine.packagesOf(fresh), roster: { ...group.roster, members } };
    });
    await restate(conversation);
  }

  /** From the next epoch on none of their devices reads anything. @throws PeerError `not-allowed` */
  remove(conversation: ConversationId, user: UserId): Promise<void> {
    return this.#without(conversation, user, (group) => {
      return group.members().flatMap((one) => (one.user === user ? [{ user, device: one.device }] : []));
    });
  }

  /** @throws PeerError `not-allowed` for the last owner, who hands over first */
  leave(conversation: ConversationId): Promise<void> {
    return this.#without(conversation, this.#parts.me, () => []);
  }

  /** @throws PeerError `not-allowed` */
  async setRole(conversation: ConversationId, user: UserId, role: MemberRole): Promise<void> {
    await this.#parts.engine.changeGroup(conversation, async ({ roster }) => {
      const members = roster.members.map((member) => (member.user === user ? { user, role } : member));
      return { roster: { ...roster, members } };
    });
  }

  async #without(
    conversation: ConversationId,
    user: UserId,
    devices: (group: MlsGroup) => NonNullable<GroupChange['remove']>,
  ): Promise<void> {
    await this.#parts.engine.changeGroup(conversation, async (group) => {
      const members = group.roster.members.filter((member) => member.user !== user);
      const roster: Roster = { ...group.roster, members };
      return { remove: devices(group), roster };
    });
  }
}
