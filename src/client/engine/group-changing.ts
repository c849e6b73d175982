// Commits of this device: new groups, changes of members, and the tidying up before anything is written. Each is made beside the present
// state and counts once home has taken it; whoever was first is followed, and the change is made again on top.
import type { DeviceCertificate } from '../../crypto/device-certificate.ts';
import type { GroupChange } from '../../crypto/mls/committing.ts';
import { MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { GroupParts } from '../../crypto/mls/parts.ts';
import { MAX_ADDED } from '../../crypto/mls/suite.ts';
import type { Roster } from '../../crypto/roster.ts';
import type { Clock } from '../../realm/clock.ts';
import { codeOf, PeerError, UnreachableError } from '../../realm/errors.ts';
import { type ConversationId, type GroupId, idText, parseGroupId, type UserId } from '../../realm/ids.ts';
import type { RandomBytes } from '../../realm/random.ts';
import { claimPackages } from './claiming.ts';
import type { GroupFollowing, GroupNews } from './group-following.ts';
import { type GroupJoining, MAX_RETRIES } from './group-joining.ts';
import type { GroupServer } from './group-server.ts';
import type { Held, HeldGroups } from './held-groups.ts';
import type { PackageServer } from './key-packages.ts';
import { encodeMail } from './mail.ts';

/** Another's commit was first: into the group, or as the beginning of it. */
const LOST: readonly string[] = ['commit-lost', 'group-exists'];
/** Milliseconds after which the first who writes makes new keys. */
const EPOCH_LIFE = 24 * 3_600_000;
/** Milliseconds for which a home that was away is not asked again for what can wait. */
const HOME_REST = 60_000;

export interface GroupChangingComponents {
  readonly server: GroupServer;
  readonly packages: Pick<PackageServer, 'claim'>;
  readonly parts: GroupParts;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomBytes;
  readonly onChange: (conversation: ConversationId, change: GroupNews) => void;
}

interface Others {
  readonly held: HeldGroups;
  readonly joining: GroupJoining;
  readonly following: GroupFollowing;
}

/** Undefined: nothing is left to change. */
export type MakeChange = (group: MlsGroup) => Promise<GroupChange | undefined>;

export class GroupChanging {
  readonly #c: GroupChangingComponents;
  readonly #other: Others;
  /** When the home of a conversation could not be asked. */
  readonly #away = new Map<ConversationId, number>();

  constructor(components: GroupChangingComponents, others: Others) {
    this.#c = components;
    this.#other = others;
  }

  async create(conversation: ConversationId, roster: Roster): Promise<Held> {
    const { parts, random, clock } = this.#c;
    const group = await MlsGroup.create({ group: newGroupId(random), conversation, roster }, parts);
    const add = await this.packagesOf(roster.members.map(({ user }) => user));
    if (add.length === 0 && roster.members.length > 1) throw noDevice();
    const made = await this.#offer(conversation, { group, since: clock.now() }, { add: add.slice(0, MAX_ADDED) });
    let held = made ?? (await this.#other.joining.join(conversation));
    const rest = made ? add.slice(MAX_ADDED) : [];
    for (let at = 0; held && at < rest.length; at += MAX_ADDED) {
      held = await this.commit(conversation, held, async () => ({ add: rest.slice(at, at + MAX_ADDED) }));
    }
    if (!held) throw new PeerError('commit-contradicts', 'home refused a new group and shows no other');
    return held;
  }

  /**
   * Takes out devices that no longer count, takes back what was refused, brings in who has none, and makes new keys after a day. Only the
   * first two can't wait for a home that is away: nothing may be sealed for such a device.
   */
  async fit(conversation: ConversationId, held: Held): Promise<Held> {
    const { group, since } = held;
    const doubtful = await goingFrom(group);
    const isOld = since + EPOCH_LIFE <= this.#c.clock.now();
    const tidied = async (now: MlsGroup) => ({ add: await this.#absent(now, await goingFrom(now)) });
    if (group.contest) return this.commit(conversation, held, tidied).catch(contested);
    if (doubtful.length > 0) return this.commit(conversation, held, tidied);
    if ((this.#away.get(conversation) ?? Number.NEGATIVE_INFINITY) > this.#c.clock.now() - HOME_REST) return held;
    try {
      const add = await this.#absent(group, []);
      if (add.length === 0 && !isOld) return held;
      return await this.commit(conversation, held, async () => ({ add }));
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      this.#away.set(conversation, this.#c.clock.now());
      // As it is: the other side of a cut goes on writing in the epoch that it has, for as long as the cut lasts.
      return (await this.#other.held.load(conversation)) ?? held;
    }
  }

  /**
   * Members of whom no device will be left: also those whose devices are of a former identity, and go by the same commit. Without that the
   * first message to somebody who began anew would be sealed for nobody.
   */
  async #absent(group: MlsGroup, going: readonly DeviceCertificate[]): Promise<readonly Uint8Array[]> {
    const gone = new Set(going.map(({ user, device }) => `${user}/${device}`));
    const staying = group.members().filter(({ user, device }) => !gone.has(`${user}/${device}`));
    const present = new Set(staying.map(({ user }) => user));
    // Whoever made what is taken back is not called in by the same commit.
    const isWanted = (user: UserId) => !present.has(user) && user !== group.contest?.blamed?.user;
    const absent = group.roster.members.flatMap(({ user }) => (isWanted(user) ? [user] : []));
    return absent.length > 0 ? (await this.packagesOf(absent)).slice(0, MAX_ADDED) : [];
  }

  /** Until home takes it. */
  async commit(conversation: ConversationId, held: Held, make: MakeChange): Promise<Held> {
    let now: Held | undefined = held;
    for (let tries = 0; now && tries < MAX_RETRIES; tries++) {
      const change = await make(now.group);
      if (!change) return now;
      const made = await this.#offer(conversation, now, change);
      if (made) return made;
      now = await this.#other.following.forward(conversation);
      const isStill = now?.group.epoch === held.group.epoch && now.group.group === held.group.group;
      // Home is further on, and shows no commit that leads there.
      if (now && isStill && tries === MAX_RETRIES - 2) now = await this.#other.joining.anew(conversation, now.group);
    }
    throw new UnreachableError('group-busy', 'others changed the group each time that this device tried to');
  }

  /** Undefined when another's commit was first. What comes of an answer that is lost shows by what home has accepted. */
  async #offer(conversation: ConversationId, held: Held, change: GroupChange): Promise<Held | undefined> {
    const { server, clock, parts } = this.#c;
    const { group } = held;
    const made = await group.commit(change);
    const { epoch, commit, groupInfo, roster } = made;
    await this.#other.held.offered(conversation, held, { state: made.next.encode(), commit });
    const welcomes = made.welcomes.map(({ user, device, body }) => {
      return { user, device, body: encodeMail({ kind: 'welcome', conversation, payload: body }) };
    });
    const [before, id, devices] = [group.roster, group.group, group.members()];
    try {
      await server.commit(conversation, { group: id, epoch, commit, groupInfo, roster, welcomes });
    } catch (error) {
      if (!LOST.includes(codeOf(error))) throw error;
      await this.#other.held.withdrawn(conversation, held);
      return undefined;
    }
    this.#other.held.spend(conversation);
    const adopted = await this.#other.held.adopt(conversation, made.accept(), clock.now(), devices);
    const by = parts.me.certificate.user;
    const after = adopted.group.roster;
    this.#c.onChange(conversation, { group: id, epoch: epoch + 1, at: clock.now(), by, before, after });
    return adopted;
  }

  /** One key package of each of their devices but this one. */
  packagesOf(users: readonly UserId[]): Promise<readonly Uint8Array[]> {
    return claimPackages(users, this.#c.packages, this.#c.parts);
  }
}

/** The refused commit changed the roster, which home believes: who may change it back has to. */
function contested(error: unknown): never {
  if (codeOf(error) !== 'not-allowed') throw error;
  throw new UnreachableError('group-contested', 'what was refused is for somebody with more rights to take back', {
    cause: error,
  });
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

/** Devices that the next commit takes out by itself. */
async function goingFrom(group: MlsGroup): Promise<readonly DeviceCertificate[]> {
  const doubtful = await group.doubtful();
  return doubtful.flatMap(({ certificate, why }) => (why === 'unknown' ? [] : [certificate]));
}
