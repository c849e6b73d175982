// The groups of this device: made, joined, brought forward and changed, one step at a time for each conversation. What home has
// accepted is followed only as far as it passes the members' checks (src/crypto/mls); the keys of each epoch go into the vault before
// the state that could make them again is replaced.
import { equals } from 'uint8arrays/equals';
import type { GroupChange } from '../../crypto/mls/committing.ts';
import { type Followed, MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { GroupParts } from '../../crypto/mls/parts.ts';
import type { DeviceName } from '../../crypto/mls/same-device.ts';
import { MAX_ADDED } from '../../crypto/mls/suite.ts';
import { readWelcome } from '../../crypto/mls/welcome.ts';
import { encodeRoster, type Roster } from '../../crypto/roster.ts';
import type { Clock } from '../../realm/clock.ts';
import { codeOf, PeerError, UnreachableError } from '../../realm/errors.ts';
import { type ConversationId, type GroupId, idText, parseGroupId, type UserId } from '../../realm/ids.ts';
import type { RandomBytes } from '../../realm/random.ts';
import { claimPackages } from './claiming.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { EpochBook, EpochName } from './epoch-book.ts';
import type { AcceptedCommit, GroupServer } from './group-server.ts';
import type { GroupStore, StoredGroup } from './group-store.ts';
import type { KeyPackages, PackageServer } from './key-packages.ts';
import { encodeMail } from './mail.ts';
import { Turns } from './turns.ts';

/** Milliseconds after which the first who writes makes new keys. */
const EPOCH_LIFE = 24 * 3_600_000;
/** Times that somebody else's commit may be first. */
const MAX_RETRIES = 8;
/** Refusals that may be for want of news of people. */
const STALE: readonly string[] = ['device-unknown', 'removal-unfounded'];
/** Epochs after the present one that are looked for among those that other devices have seen. */
const MAX_AHEAD = 16;
/** Groups whose states stay in memory. */
const MAX_OPEN = 64;

export interface GroupKeeperComponents {
  readonly server: GroupServer;
  readonly packages: Pick<PackageServer, 'claim'>;
  readonly own: Pick<KeyPackages, 'privatePart' | 'used'>;
  readonly store: GroupStore;
  readonly epochs: EpochBook;
  readonly checks: DeviceChecks;
  readonly parts: GroupParts;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomBytes;
  readonly onChange: (conversation: ConversationId, change: GroupNews) => void;
}

/** What a commit made of a group, for the lines of its timeline. */
export interface GroupNews {
  readonly group: GroupId;
  readonly epoch: number;
  readonly at: number;
  readonly by: UserId;
  readonly before: Roster | undefined;
  readonly after: Roster | undefined;
}

/** How a group is made or found when this device has none. */
export interface Wanted {
  readonly roster: () => Roster;
  /** The other person of a conversation of two. */
  readonly other?: UserId | undefined;
}

interface Held {
  readonly group: MlsGroup;
  /** When its epoch began. */
  readonly since: number;
  readonly offer?: StoredGroup['offer'];
}

export class GroupKeeper {
  readonly #c: GroupKeeperComponents;
  readonly #turns = new Turns<ConversationId>();
  readonly #open = new Map<ConversationId, Held>();
  /** Brought forward in this connection, and no commit was told of since: nobody has to be asked before each message. */
  readonly #current = new Set<ConversationId>();

  constructor(components: GroupKeeperComponents) {
    this.#c = components;
  }

  /**
   * The group to seal with: brought forward, without devices that no longer count, with keys that are not too old.
   * @param use nothing brings the group on while it is under way
   * @throws RefusedError, UnreachableError of the server; PeerError when what home accepted does not pass
   */
  ready<T>(conversation: ConversationId, wanted: Wanted, use: (group: MlsGroup) => Promise<T>): Promise<T> {
    return this.#turns.take(conversation, async () => {
      const held =
        (await this.#brought(conversation)) ??
        (await this.#join(conversation, wanted.other)) ??
        (await this.#create(conversation, wanted.roster()));
      const { group } = await this.#fit(conversation, held);
      this.#assertNewest(group);
      return use(group);
    });
  }

  /** Of one or of all conversations there may be commits that this device has not seen. */
  stale(conversation?: ConversationId): void {
    if (conversation === undefined) this.#current.clear();
    else this.#current.delete(conversation);
  }

  /** The state that this device has, without asking anybody. */
  present(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#turns.take(conversation, async () => (await this.#load(conversation))?.group);
  }

  /** Follows what home has accepted; joins when this device is not in it yet. Undefined where there is no group. */
  follow(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#turns.take(conversation, async () => {
      const held = (await this.#forward(conversation)) ?? (await this.#join(conversation));
      return held?.group;
    });
  }

  /** Makes and offers a change until home takes it. @throws PeerError `not-allowed` and others of checkCommit() */
  change(conversation: ConversationId, make: (group: MlsGroup) => Promise<GroupChange>): Promise<MlsGroup> {
    return this.#turns.take(conversation, async () => {
      const held = (await this.#forward(conversation)) ?? (await this.#join(conversation));
      if (!held) throw new PeerError('conversation-unknown', 'there is no group to change');
      return (await this.#commit(conversation, held, make)).group;
    });
  }

  /** A new group with these members. */
  create(conversation: ConversationId, roster: Roster): Promise<MlsGroup> {
    return this.#turns.take(conversation, async () => (await this.#create(conversation, roster)).group);
  }

  /**
   * A mail brought this device into a group. Of two groups of two people, begun by both at one time, the lowest id counts; what was
   * written in the other before its author knew stays readable by its keys.
   */
  welcomed(conversation: ConversationId, welcome: Uint8Array): Promise<void> {
    return this.#turns.take(conversation, async () => {
      const { group, epoch, reference } = readWelcome(welcome);
      const held = await this.#load(conversation);
      if (held?.group.group === group && held.group.epoch >= epoch) return;
      const isBeside = held !== undefined && held.group.group < group;
      if (isBeside && held.group.roster.kind !== 'direct') return;
      this.#assertOnward(conversation, group, epoch);
      const keyPackage = await this.#c.own.privatePart(reference);
      const shown = await this.#c.server.group(conversation, { group, epoch });
      if (!keyPackage || !shown?.groupInfo || shown.infoEpoch !== epoch) {
        if (!isBeside) await this.#join(conversation);
        return;
      }
      const given = { conversation, welcome, groupInfo: shown.groupInfo, keyPackage };
      const joined = await MlsGroup.joinByWelcome(given, this.#c.parts);
      if (isBeside) await this.#learn(conversation, joined);
      else await this.#adopt(conversation, joined, this.#c.clock.now());
      await this.#c.own.used(reference);
      if (!isBeside) await this.#forward(conversation);
    });
  }

  /** Whether a device was in that epoch, as this one saw it; undefined when it was not in it. */
  wasLeaf(name: EpochName, device: DeviceName): Promise<boolean | undefined> {
    return this.#c.store.wasLeaf(name, device);
  }

  /** Forgets a conversation's keys on this device; those of its epochs stay in the vault. */
  async drop(conversation: ConversationId): Promise<void> {
    this.#open.delete(conversation);
    await this.#c.store.set(conversation, undefined);
  }

  async #load(conversation: ConversationId): Promise<Held | undefined> {
    const open = this.#open.get(conversation);
    if (open) return open;
    const stored = await this.#c.store.get(conversation);
    if (!stored) return undefined;
    const { state, since, offer } = stored;
    return this.#keep(conversation, { group: MlsGroup.decode(state, this.#c.parts), since, ...(offer && { offer }) });
  }

  #keep(conversation: ConversationId, held: Held): Held {
    this.#open.delete(conversation);
    this.#open.set(conversation, held);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest) this.#open.delete(oldest);
    return held;
  }

  #brought(conversation: ConversationId): Promise<Held | undefined> {
    if (this.#current.has(conversation)) return this.#load(conversation);
    // Before it is asked: what is told meanwhile may be missing in the answer.
    this.#current.add(conversation);
    return this.#forward(conversation).catch((error: unknown) => {
      this.#current.delete(conversation);
      throw error;
    });
  }

  /** Undefined when this device has no state, or was removed. */
  async #forward(conversation: ConversationId): Promise<Held | undefined> {
    let held = await this.#load(conversation);
    for (let more = true; held && more; ) {
      const { group, epoch }: MlsGroup = held.group;
      const page = await this.#c.server.commits(conversation, group, epoch);
      for (const commit of page.commits) {
        if (held && commit.epoch === held.group.epoch) held = await this.#step(conversation, held, commit);
      }
      ({ more } = page);
      if (held?.group.epoch === epoch) break;
    }
    return held;
  }

  async #step(conversation: ConversationId, held: Held, commit: AcceptedCommit): Promise<Held | undefined> {
    const { group, roster: before } = held.group;
    // Following spends the old state; should what comes after it fail, the stored one is read again.
    this.#open.delete(conversation);
    const followed = await this.#next(held, commit);
    if (followed === 'lost') return this.#join(conversation);
    const { next, by } = followed;
    // What a server says: a time to come would keep the keys for ever.
    const at = Math.min(commit.at, this.#c.clock.now());
    if (next) held = await this.#adopt(conversation, next, at);
    else await this.drop(conversation);
    const { epoch } = commit;
    this.#c.onChange(conversation, { group, epoch: epoch + 1, at, by, before, after: next?.roster });
    return next && held;
  }

  /** `lost`: it is a commit of this device, whose outcome it has not kept. */
  async #next({ group, offer }: Held, { commit, at }: AcceptedCommit): Promise<Next | 'lost'> {
    const { parts, checks } = this.#c;
    if (offer && equals(offer.commit, commit)) {
      return { next: MlsGroup.decode(offer.state, parts), by: parts.me.certificate.user };
    }
    try {
      return nextOf(await group.process(commit, at));
    } catch (error) {
      if (codeOf(error) === 'commit-own') return 'lost';
      if (!STALE.includes(codeOf(error))) throw error;
      checks.forgetAll();
      return nextOf(await group.process(commit, at));
    }
  }

  /** Behind what another device of this user has seen, a server would have us write to who was removed since. */
  #assertNewest({ conversation, group, epoch }: MlsGroup): void {
    for (let ahead = 1; ahead <= MAX_AHEAD; ahead++) {
      if (this.#c.epochs.get({ conversation, group, epoch: epoch + ahead })) throw behind();
    }
  }

  /** Likewise what this device comes into. Two groups of one conversation there are of two people alone. */
  #assertOnward(conversation: ConversationId, group: GroupId, epoch: number): void {
    const known = this.#c.epochs.newest(conversation);
    const same = known.get(group);
    if (same && epoch < same.epoch) throw behind();
    if (!same && [...known.values()].some(({ kind }) => kind !== 'direct')) {
      throw new PeerError('group-other', 'another group than the one that this conversation has');
    }
  }

  /** The keys first: from a state that is replaced they can't be made again. */
  async #adopt(conversation: ConversationId, group: MlsGroup, since: number): Promise<Held> {
    await this.#learn(conversation, group);
    await this.#c.store.set(conversation, { state: group.encode(), since });
    return this.#keep(conversation, { group, since });
  }

  /** What is needed to read in this epoch. */
  async #learn(conversation: ConversationId, group: MlsGroup): Promise<void> {
    const { epochs, checks, store } = this.#c;
    const name = { conversation, group: group.group, epoch: group.epoch };
    await epochs.put(name, { key: await group.contentKey(), roster: encodeRoster(group.roster) });
    const members = group.members();
    await checks.learn(members);
    await store.setLeaves(name, members);
  }

  /** From outside, by what the group shows. Undefined where there is no group. */
  async #join(conversation: ConversationId, other?: UserId): Promise<Held | undefined> {
    const { server, parts, clock } = this.#c;
    for (let tries = 0; tries < MAX_RETRIES; tries++) {
      const shown = await server.group(conversation, { other });
      if (!shown) return undefined;
      if (!shown.groupInfo) throw new UnreachableError('group-info-missing', 'what is needed to join is not here yet');
      const offer = await MlsGroup.joinExternal({ conversation, groupInfo: shown.groupInfo }, parts);
      const { epoch, commit, groupInfo, roster } = offer;
      this.#assertOnward(conversation, offer.next.group, epoch);
      try {
        await server.commit(conversation, { group: shown.group, epoch, commit, groupInfo, roster, welcomes: [] });
        return await this.#adopt(conversation, offer.accept(), clock.now());
      } catch (error) {
        if (codeOf(error) !== 'commit-lost') throw error;
      }
    }
    throw new UnreachableError('group-busy', 'others changed the group each time that this device tried to join');
  }

  async #create(conversation: ConversationId, roster: Roster): Promise<Held> {
    const { parts, random, clock } = this.#c;
    const group = await MlsGroup.create({ group: newGroupId(random), conversation, roster }, parts);
    const add = await this.packagesOf(roster.members.map(({ user }) => user));
    if (add.length === 0 && roster.members.length > 1) throw noDevice();
    const made = await this.#offer(conversation, { group, since: clock.now() }, { add: add.slice(0, MAX_ADDED) });
    let held = made ?? (await this.#join(conversation));
    const rest = made ? add.slice(MAX_ADDED) : [];
    for (let at = 0; held && at < rest.length; at += MAX_ADDED) {
      held = await this.#commit(conversation, held, async () => ({ add: rest.slice(at, at + MAX_ADDED) }));
    }
    if (!held) throw new PeerError('commit-contradicts', 'home refused a new group and shows no other');
    return held;
  }

  /** Takes out devices that no longer count, brings in who has none, and makes new keys after a day. */
  async #fit(conversation: ConversationId, held: Held): Promise<Held> {
    const { group, since } = held;
    const doubtful = (await group.doubtful()).filter(({ why }) => why !== 'unknown');
    const present = new Set(group.members().map(({ user }) => user));
    const absent = group.roster.members.flatMap(({ user }) => (present.has(user) ? [] : [user]));
    const add = absent.length > 0 ? (await this.packagesOf(absent)).slice(0, MAX_ADDED) : [];
    if (doubtful.length === 0 && add.length === 0 && since + EPOCH_LIFE > this.#c.clock.now()) return held;
    return this.#commit(conversation, held, async () => ({ add }));
  }

  async #commit(
    conversation: ConversationId,
    held: Held,
    make: (group: MlsGroup) => Promise<GroupChange>,
  ): Promise<Held> {
    let now: Held | undefined = held;
    for (let tries = 0; now && tries < MAX_RETRIES; tries++) {
      const made = await this.#offer(conversation, now, await make(now.group));
      if (made) return made;
      now = await this.#forward(conversation);
    }
    throw new UnreachableError('group-busy', 'others changed the group each time that this device tried to');
  }

  /** Undefined when another's commit was first. What comes of an answer that is lost shows by what home has accepted. */
  async #offer(conversation: ConversationId, held: Held, change: GroupChange): Promise<Held | undefined> {
    const { server, store, clock } = this.#c;
    const { group, since } = held;
    const made = await group.commit(change);
    const { epoch, commit, groupInfo, roster } = made;
    const offer = { state: made.next.encode(), commit };
    await store.set(conversation, { state: group.encode(), since, offer });
    this.#keep(conversation, { group, since, offer });
    const welcomes = made.welcomes.map(({ user, device, body }) => {
      return { user, device, body: encodeMail({ kind: 'welcome', conversation, payload: body }) };
    });
    const [before, id] = [group.roster, group.group];
    try {
      await server.commit(conversation, { group: id, epoch, commit, groupInfo, roster, welcomes });
    } catch (error) {
      if (codeOf(error) !== 'commit-lost') throw error;
      await store.set(conversation, epoch === 0 ? undefined : { state: group.encode(), since });
      this.#open.delete(conversation);
      return undefined;
    }
    this.#open.delete(conversation);
    const adopted = await this.#adopt(conversation, made.accept(), clock.now());
    const by = this.#c.parts.me.certificate.user;
    const after = adopted.group.roster;
    this.#c.onChange(conversation, { group: id, epoch: epoch + 1, at: clock.now(), by, before, after });
    return adopted;
  }

  /** One key package of each of their devices but this one. */
  packagesOf(users: readonly UserId[]): Promise<readonly Uint8Array[]> {
    return claimPackages(users, this.#c.packages, this.#c.parts);
  }
}

/** What a commit led to, and who made it: by its leaf, whatever a server says. */
interface Next {
  readonly next: MlsGroup | undefined;
  readonly by: UserId;
}

function nextOf({ next, committer }: Followed): Next {
  return { next, by: committer.user };
}

function behind(): UnreachableError {
  return new UnreachableError('group-behind', 'the server shows less of this group than another device has seen');
}

function noDevice(): UnreachableError {
  return new UnreachableError('recipient-no-device', 'nobody of them has logged in yet; the message waits for that');
}

/** A UUID of version 4 (RFC 9562 section 5.4). */
function newGroupId(random: RandomBytes): GroupId {
  const bytes = random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return parseGroupId(idText(bytes));
}
