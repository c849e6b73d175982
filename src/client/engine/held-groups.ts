// The groups that this device holds: their states in memory and in the cache. The keys of each epoch go into the vault before the state
// that could make them again is replaced.
import { MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { GroupParts } from '../../crypto/mls/parts.ts';
import type { DeviceName } from '../../crypto/mls/same-device.ts';
import { encodeRoster, type Roster, roleOf } from '../../crypto/roster.ts';
import type { ConversationId } from '../../realm/ids.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { EpochBook, EpochName } from './epoch-book.ts';
import type { GoneDevices } from './gone-devices.ts';
import type { GroupStore, StoredGroup } from './group-store.ts';

/** Groups whose states stay in memory. */
const MAX_OPEN = 64;

export interface HeldGroupsComponents {
  readonly store: GroupStore;
  readonly epochs: EpochBook;
  readonly gone: GoneDevices;
  readonly checks: DeviceChecks;
  readonly parts: GroupParts;
}

export interface Held {
  readonly group: MlsGroup;
  /** When its epoch began. */
  readonly since: number;
  readonly offer?: StoredGroup['offer'];
}

interface Removed {
  readonly before: readonly DeviceName[];
  readonly after: Roster | undefined;
  readonly at: number;
}

export class HeldGroups {
  readonly #c: HeldGroupsComponents;
  readonly #open = new Map<ConversationId, Held>();

  constructor(components: HeldGroupsComponents) {
    this.#c = components;
  }

  async load(conversation: ConversationId): Promise<Held | undefined> {
    const open = this.#open.get(conversation);
    if (open) return open;
    const stored = await this.#c.store.get(conversation);
    if (!stored) return undefined;
    const { state, since, offer } = stored;
    return this.#keep(conversation, { group: MlsGroup.decode(state, this.#c.parts), since, ...(offer && { offer }) });
  }

  /** For whoever only looks: what comes of it is not kept, since a step may be replacing it meanwhile. */
  async look(conversation: ConversationId): Promise<MlsGroup | undefined> {
    const open = this.#open.get(conversation);
    if (open) return open.group;
    const stored = await this.#c.store.get(conversation);
    return stored && MlsGroup.decode(stored.state, this.#c.parts);
  }

  /** What is stored is read again when it is asked for next. */
  spend(conversation: ConversationId): void {
    this.#open.delete(conversation);
  }

  /**
   * The keys first: from a state that is replaced they can't be made again.
   * @param before the devices of the epoch before
   */
  async adopt(
    conversation: ConversationId,
    group: MlsGroup,
    since: number,
    before: readonly DeviceName[] = [],
  ): Promise<Held> {
    await this.learn(conversation, group);
    const name = { conversation, group: group.group, epoch: group.epoch };
    await this.#c.gone.learn(name, { before, after: group.members(), roster: group.roster, at: since });
    await this.#c.store.set(conversation, { state: group.encode(), since });
    return this.#keep(conversation, { group, since });
  }

  /** A commit of this device is on its way to home. */
  async offered(conversation: ConversationId, { group, since }: Held, offer: StoredGroup['offer']): Promise<void> {
    if (!offer) return;
    await this.#c.store.set(conversation, { state: group.encode(), since, offer });
    this.#keep(conversation, { group, since, offer });
  }

  /** Home took another. A group that home does not have is none. */
  async withdrawn(conversation: ConversationId, { group, since }: Held): Promise<void> {
    await this.#c.store.set(conversation, group.epoch === 0 ? undefined : { state: group.encode(), since });
    this.#open.delete(conversation);
  }

  /** What is needed to read in this epoch; while something is contested, by those who count. */
  async learn(conversation: ConversationId, group: MlsGroup): Promise<void> {
    const { epochs, checks, store } = this.#c;
    const name = { conversation, group: group.group, epoch: group.epoch };
    await epochs.put(name, { key: await group.contentKey(), roster: encodeRoster(group.roster) });
    const members = group.members();
    await checks.learn(members);
    await store.setLeaves(name, members);
  }

  /** Whether a device was in that epoch, as this one saw it; undefined when it was not in it. */
  wasLeaf(name: EpochName, device: DeviceName): Promise<boolean | undefined> {
    return this.#c.store.wasLeaf(name, device);
  }

  /**
   * This device was taken out. That its user went, the user's devices know from then on.
   * @param after undefined where the roster stayed, or where nobody knows whether it counts
   */
  async gone(name: EpochName, { before, after, at }: Removed): Promise<void> {
    const { user } = this.#c.parts.me.certificate;
    if (after && roleOf(after, user) === undefined) {
      await this.#c.gone.learn(name, {
        before: before.filter((one) => one.user === user),
        after: [],
        roster: after,
        at,
      });
    }
    await this.drop(name.conversation);
  }

  /** Those of its epochs stay in the vault. */
  async drop(conversation: ConversationId): Promise<void> {
    this.#open.delete(conversation);
    await this.#c.store.set(conversation, undefined);
  }

  #keep(conversation: ConversationId, held: Held): Held {
    this.#open.delete(conversation);
    this.#open.set(conversation, held);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest) this.#open.delete(oldest);
    return held;
  }
}
