// The groups of this device: made, joined, brought forward and changed, one step at a time for each conversation.
import type { MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { DeviceName } from '../../crypto/mls/same-device.ts';
import type { Roster } from '../../crypto/roster.ts';
import { PeerError } from '../../realm/errors.ts';
import type { ConversationId, UserId } from '../../realm/ids.ts';
import type { EpochName } from './epoch-book.ts';
import { GroupChanging, type GroupChangingComponents, type MakeChange } from './group-changing.ts';
import { GroupFollowing, type GroupFollowingComponents } from './group-following.ts';
import { GroupJoining, type GroupJoiningComponents } from './group-joining.ts';
import { HeldGroups, type HeldGroupsComponents } from './held-groups.ts';
import { Turns } from './turns.ts';

export type GroupKeeperComponents = HeldGroupsComponents &
  GroupJoiningComponents &
  GroupFollowingComponents &
  GroupChangingComponents;

/** How a group is made or found when this device has none. */
export interface Wanted {
  readonly roster: () => Roster;
  /** The other person of a conversation of two. */
  readonly other?: UserId | undefined;
}

export class GroupKeeper {
  readonly #turns = new Turns<ConversationId>();
  readonly #held: HeldGroups;
  readonly #joining: GroupJoining;
  readonly #following: GroupFollowing;
  readonly #changing: GroupChanging;

  constructor(components: GroupKeeperComponents) {
    this.#held = new HeldGroups(components);
    this.#joining = new GroupJoining(components, this.#held);
    this.#following = new GroupFollowing(components, this.#held, this.#joining);
    const others = { held: this.#held, joining: this.#joining, following: this.#following };
    this.#changing = new GroupChanging(components, others);
  }

  /**
   * The group to seal with: brought forward, without devices that no longer count, with keys that are not too old.
   * @param use nothing brings the group on while it is under way
   * @throws RefusedError, UnreachableError of the server; PeerError when what home accepted does not pass
   */
  ready<T>(conversation: ConversationId, wanted: Wanted, use: (group: MlsGroup) => Promise<T>): Promise<T> {
    return this.#turns.take(conversation, async () => {
      const held =
        (await this.#following.brought(conversation)) ??
        (await this.#joining.join(conversation, wanted.other)) ??
        (await this.#changing.create(conversation, wanted.roster()));
      const { group } = await this.#changing.fit(conversation, held);
      this.#joining.assertNewest(group);
      return use(group);
    });
  }

  /** Of one or of all conversations there may be commits that this device has not seen. */
  stale(conversation?: ConversationId): void {
    this.#following.stale(conversation);
  }

  /**
   * The state that this device has, to look at, without asking anybody: not even a step that is under way is waited for, since that may
   * be asking a home that is away.
   */
  present(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#turns.isTaken(conversation) ? this.#held.look(conversation) : this.settled(conversation);
  }

  /** As `present`, when whatever is under way is through. */
  settled(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#turns.take(conversation, async () => (await this.#held.load(conversation))?.group);
  }

  /** Follows what home has accepted; joins when this device is not in it yet. Undefined where there is no group. */
  follow(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#turns.take(conversation, async () => (await this.#onward(conversation))?.group);
  }

  /** Follows what home has accepted, where this device is in it. */
  forward(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#turns.take(conversation, async () => (await this.#following.forward(conversation))?.group);
  }

  /** Makes and offers a change until home takes it. @throws PeerError `not-allowed` and others of checkCommit() */
  change(conversation: ConversationId, make: MakeChange): Promise<MlsGroup> {
    return this.#turns.take(conversation, async () => {
      const held = await this.#onward(conversation);
      if (!held) throw new PeerError('conversation-unknown', 'there is no group to change');
      return (await this.#changing.commit(conversation, held, make)).group;
    });
  }

  /** A new group with these members. */
  create(conversation: ConversationId, roster: Roster): Promise<MlsGroup> {
    return this.#turns.take(conversation, async () => (await this.#changing.create(conversation, roster)).group);
  }

  /** A mail brought this device into a group. */
  welcomed(conversation: ConversationId, welcome: Uint8Array, sender?: UserId): Promise<void> {
    return this.#turns.take(conversation, async () => {
      if (await this.#joining.welcomed(conversation, welcome, sender)) await this.#following.forward(conversation);
    });
  }

  /** Whether a device was in that epoch, as this one saw it; undefined when it was not in it. */
  wasLeaf(name: EpochName, device: DeviceName): Promise<boolean | undefined> {
    return this.#held.wasLeaf(name, device);
  }

  /** Forgets a conversation's keys on this device; those of its epochs stay in the vault. */
  drop(conversation: ConversationId): Promise<void> {
    return this.#held.drop(conversation);
  }

  packagesOf(users: readonly UserId[]): Promise<readonly Uint8Array[]> {
    return this.#changing.packagesOf(users);
  }

  async #onward(conversation: ConversationId) {
    return (await this.#following.forward(conversation)) ?? (await this.#joining.join(conversation));
  }
}
