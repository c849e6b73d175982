// How this device comes into groups that there are: by a welcome, or from outside by what the group shows. Whatever a server shows, nobody
// goes behind what another device of the user has seen.

import { equals } from 'uint8arrays/equals';
import { readShownName } from '../../crypto/mls/group-info.ts';
import { MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { GroupParts } from '../../crypto/mls/parts.ts';
import { followPublicly, isSameGroup } from '../../crypto/mls/public-view.ts';
import { readWelcome } from '../../crypto/mls/welcome.ts';
import type { Clock } from '../../realm/clock.ts';
import { codeOf, PeerError, UnreachableError } from '../../realm/errors.ts';
import type { ConversationId, GroupId, UserId } from '../../realm/ids.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { EpochBook, Newest } from './epoch-book.ts';
import type { AcceptedCommit, GroupServer } from './group-server.ts';
import type { Held, HeldGroups } from './held-groups.ts';
import type { KeyPackages } from './key-packages.ts';
import { type KnowingComponents, knownOf, provenMembers, usersOf } from './known-members.ts';
import { early, MAX_WAY, nextOf, provenWay, wayToHeld } from './proven-way.ts';

/** Times that somebody else's commit may be first. */
export const MAX_RETRIES = 8;
export interface GroupJoiningComponents {
  readonly server: GroupServer;
  readonly own: Pick<KeyPackages, 'privatePart' | 'used'>;
  readonly epochs: EpochBook;
  readonly gone: KnowingComponents['gone'];
  readonly checks: Pick<DeviceChecks, 'forgetAll'>;
  readonly parts: GroupParts;
  readonly clock: Pick<Clock, 'now'>;
}

export class GroupJoining {
  readonly #c: GroupJoiningComponents;
  readonly #held: HeldGroups;

  constructor(components: GroupJoiningComponents, held: HeldGroups) {
    this.#c = components;
    this.#held = held;
  }

  /** From outside, by what the group shows. Undefined where there is no group. */
  join(conversation: ConversationId, other?: UserId): Promise<Held | undefined> {
    return this.#fromOutside(conversation, { other });
  }

  /**
   * The commits from the state that this device has are not to be had any more. What came of the group can't be followed, so only the word of
   * those who were in it counts for what it is now: otherwise a server that keeps commits back could show the group of somebody who never was.
   */
  async anew(conversation: ConversationId, group: MlsGroup): Promise<Held> {
    const known = this.#newestOf(conversation, group);
    const held = await this.#fromOutside(conversation, { known, beyond: group.epoch });
    // Not as if there were no state: whoever has none believes more.
    if (!held) throw new UnreachableError('group-info-missing', 'the server shows nothing newer than this device has');
    return held;
  }

  /** Members as this device knew them, or another of the user who has seen more: not whoever was removed in between. */
  #newestOf(conversation: ConversationId, { group, epoch, roster }: MlsGroup): Newest {
    const seen = this.#c.epochs.newest(conversation).get(group);
    return seen && seen.epoch > epoch ? seen : { group, epoch, roster };
  }

  /**
   * By the word of members as this or another device of the user knew them, and of those whom they brought in since. The latter costs all commits
   * in between: only where the former do not do.
   */
  async #believed<T>(conversation: ConversationId, { known, upTo }: Believing, join: JoinBy<T>): Promise<T> {
    if (!known) return join(undefined);
    try {
      return await join(usersOf(known));
    } catch (error) {
      if (codeOf(error) !== 'group-info-of-unknown') throw error;
    }
    const proven = await provenMembers(conversation, known, upTo, this.#c);
    return byTheKnown(() => join(proven));
  }

  async #fromOutside(
    conversation: ConversationId,
    { other, known, beyond = -1 }: FromOutside,
  ): Promise<Held | undefined> {
    const { server, parts, clock } = this.#c;
    for (let tries = 0; tries < MAX_RETRIES; tries++) {
      const shown = await server.group(conversation, { other });
      if (!shown || shown.epoch <= beyond) return undefined;
      if (!shown.groupInfo) throw new UnreachableError('group-info-missing', 'what is needed to join is not here yet');
      const { groupInfo: info } = shown;
      // Of the group that it is, whatever the server calls it.
      const name = readShownName(info);
      this.#assertOnward(conversation, name.group, name.epoch);
      const given = { known: known ?? knownOf(conversation, name.group, this.#c), upTo: name.epoch };
      const offer = await this.#believed(conversation, given, (shownBy) =>
        MlsGroup.joinExternal({ conversation, groupInfo: info, shownBy }, parts),
      );
      const { epoch, commit, groupInfo, roster } = offer;
      try {
        await server.commit(conversation, { group: shown.group, epoch, commit, groupInfo, roster, welcomes: [] });
        return await this.#held.adopt(conversation, offer.accept(), clock.now());
      } catch (error) {
        if (codeOf(error) !== 'commit-lost') throw error;
      }
    }
    throw new UnreachableError('group-busy', 'others changed the group each time that this device tried to join');
  }

  /**
   * A commit holds for others and not for this device: what was sealed for it there does not open. It comes back from outside, when what the
   * group shows is what the commits since made of it, each looked at by the rules, and somebody shows it who counted before: nobody can look
   * at the signatures of commits that lie behind one that does not open.
   */
  async comeBack(conversation: ConversationId, group: MlsGroup, commits: readonly AcceptedCommit[]): Promise<Held> {
    const { server, parts, clock } = this.#c;
    let view = group.view();
    for (const { commit, at } of commits) view = await followPublicly(view, commit, at, parts);
    const shown = await server.group(conversation, {});
    const epoch = group.epoch + commits.length;
    if (!shown?.groupInfo || shown.infoEpoch !== epoch || shown.group !== group.group) {
      throw new UnreachableError('group-info-missing', 'what is needed to come back is not here yet');
    }
    const given = { conversation, groupInfo: shown.groupInfo, shownBy: usersOf(this.#newestOf(conversation, group)) };
    const offer = await byTheKnown(() => MlsGroup.joinExternal(given, parts));
    const { next, commit, groupInfo, roster } = offer;
    if (!isSameGroup(view, next.view().context, next.members())) {
      throw new PeerError('group-info-invalid', 'what the group shows is not what its commits made of it');
    }
    await server.commit(conversation, { group: shown.group, epoch, commit, groupInfo, roster, welcomes: [] });
    return this.#held.adopt(conversation, offer.accept(), clock.now());
  }

  /**
   * By a mail. Of two groups of two people, begun by both at one time, the lowest id counts; what was written in the other before its
   * author knew stays readable by its keys, and so does what was written before this or another device of the user came in from outside. True
   * when this device goes on in it.
   */
  async welcomed(conversation: ConversationId, welcome: Uint8Array, sender?: UserId): Promise<boolean> {
    const { group, epoch, reference } = readWelcome(welcome);
    const held = await this.#held.load(conversation);
    const seen = this.#c.epochs.newest(conversation).get(group)?.epoch ?? -1;
    const isHeld = held?.group.group === group && held.group.epoch >= epoch;
    const isPast = isHeld || seen > epoch;
    if (isHeld && this.#c.epochs.get({ conversation, group, epoch })) return false;
    const isBeside = isHeld || (held !== undefined && held.group.group < group);
    if (isBeside && !isHeld && held?.group.roster.kind !== 'direct') return false;
    if (!isPast) this.#assertOnward(conversation, group, epoch);
    const keyPackage = await this.#c.own.privatePart(reference);
    // The mail may be here before what the server knows of the group.
    const shown = await this.#c.server.group(conversation, { group, epoch, other: sender });
    if (keyPackage && (shown?.infoEpoch ?? -1) < epoch) throw early();
    if (!keyPackage || !shown?.groupInfo || shown.infoEpoch !== epoch) {
      if (!isBeside && !isPast) await this.join(conversation);
      return false;
    }
    const given = { conversation, welcome, groupInfo: shown.groupInfo, keyPackage };
    // Into the past the way to what is known decides.
    const believing = { known: isPast ? undefined : knownOf(conversation, group, this.#c), upTo: epoch };
    const joined = await this.#believed(conversation, believing, (shownBy) =>
      MlsGroup.joinByWelcome({ ...given, shownBy }, this.#c.parts),
    );
    if (!isPast) await this.#assertSame(conversation, joined);
    const goesOn = isPast ? await this.#past(conversation, joined, Math.max(seen, held?.group.epoch ?? -1)) : !isBeside;
    if (goesOn) await this.#held.adopt(conversation, joined, this.#c.clock.now());
    else if (!isPast) await this.#held.learn(conversation, joined);
    await this.#c.own.used(reference);
    return goesOn;
  }

  /**
   * Into an epoch behind one that a device of the user has seen. What was written from there on becomes readable, once it is sure that it is
   * the same group. Of two people nobody else could have made it up: one that can't be followed any more is believed. True to go on from there.
   */
  async #past(conversation: ConversationId, joined: MlsGroup, known: number): Promise<boolean> {
    const held = (await this.#held.load(conversation))?.group;
    const way =
      (await provenWay(conversation, joined, known, this.#c)) ??
      (held && (await wayToHeld(conversation, joined, held, this.#c)));
    const seen = this.#c.epochs.newest(conversation);
    if (!way) {
      // By what is known: a welcome could say anything.
      const { kind } = (seen.get(joined.group) ?? held)?.roster ?? {};
      if (kind === 'direct') await this.#held.learn(conversation, joined);
      else if (!held) throw behind();
      return false;
    }
    const isOneThatCounts = [...seen.keys()].every((group) => joined.group <= group);
    if (isOneThatCounts && held?.group !== joined.group) return true;
    let group: MlsGroup | undefined = joined;
    for (const commit of way) {
      await this.#held.learn(conversation, group);
      group = await nextOf(group, commit, this.#c.checks);
      if (!group) break;
    }
    return false;
  }

  /** Of an epoch that another device of the user is in: whoever made the commit may have made a second one, for this device alone. */
  async #assertSame(conversation: ConversationId, joined: MlsGroup): Promise<void> {
    const { group, epoch } = joined;
    const known = this.#c.epochs.get({ conversation, group, epoch });
    if (known && !equals(known.key, await joined.contentKey())) throw behind();
  }

  /** Behind what another device of this user has seen, a server would have us write to who was removed since. */
  assertNewest({ conversation, group, epoch }: MlsGroup): void {
    for (let ahead = 1; ahead <= MAX_WAY; ahead++) {
      if (this.#c.epochs.get({ conversation, group, epoch: epoch + ahead })) throw behind();
    }
  }

  /** Likewise what this device comes into. Two groups of one conversation there are of two people alone. */
  #assertOnward(conversation: ConversationId, group: GroupId, epoch: number): void {
    const known = this.#c.epochs.newest(conversation);
    const same = known.get(group);
    if (same && epoch < same.epoch) throw behind();
    if (!same && [...known.values()].some(({ roster }) => roster.kind !== 'direct')) {
      throw new PeerError('group-other', 'another group than the one that this conversation has');
    }
  }
}

interface FromOutside {
  readonly other?: UserId | undefined;
  /** Whose word counts; without it, what the vault knows says. */
  readonly known?: Newest;
  /** An epoch that leads nowhere any more. */
  readonly beyond?: number;
}

interface Believing {
  readonly known: Newest | undefined;
  readonly upTo: number;
}

type JoinBy<T> = (shownBy: readonly UserId[] | undefined) => Promise<T>;

/** @throws UnreachableError `group-info-missing` when it is shown by somebody who does not count */
async function byTheKnown<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) !== 'group-info-of-unknown') throw error;
    // Whoever was there before makes new keys within a day of writing.
    throw new UnreachableError('group-info-missing', 'nobody whom this device knew has changed the group since', {
      cause: error,
    });
  }
}

function behind(): UnreachableError {
  return new UnreachableError('group-behind', 'the server shows less of this group than another device has seen');
}
