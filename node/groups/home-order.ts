// The order of commits of the groups whose home this realm is: of those that are based on one epoch the first is accepted, durably,
// and goes out to every realm with members; all others learn which epoch to build on. Whoever repeats an accepted commit gets the
// same answer again.
import { equals } from 'uint8arrays/equals';
import { decodeRoster, type Roster, roleOf } from '../../src/crypto/roster.ts';
import { type Commit, encodeCommit, MAX_COMMIT } from '../../src/protocols/order/commit-body.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import type { ConversationId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import type { ArrivalLog } from '../conversations/arrival-log.ts';
import { realmsOf } from '../conversations/group-state.ts';
import type { MessageRules } from '../conversations/message-rules.ts';
import { Turns } from '../conversations/turns.ts';
import type { Added } from '../delivery/outbox.ts';
import type { Directory } from '../directory/directory.ts';
import { assertMayCommit } from './author-rights.ts';
import { changeOf } from './change.ts';
import type { FanOut } from './fan-out.ts';
import type { GroupBook } from './group-book.ts';
import { EpochError } from './group-errors.ts';
import type { StoredGroup } from './group-record.ts';
import { type GroupStore, infoRemoval, infoWrite, madeWrite, stateWrite } from './group-store.ts';
import {
  type Accepted,
  type Author,
  type GroupInfo,
  type InspectCommit,
  type InspectInfo,
  isFitting,
  MAX_GROUP_INFO,
  type ProposedCommit,
} from './groups.ts';
import type { Takeover } from './takeover.ts';

export interface HomeOrderComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly store: GroupStore;
  readonly book: GroupBook;
  readonly arrivals: Pick<ArrivalLog, 'append'>;
  readonly fanOut: FanOut;
  readonly directory: Pick<Directory, 'findById'>;
  readonly rules?: Pick<MessageRules, 'outgoing'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly inspect?: InspectCommit;
  readonly inspectInfo?: InspectInfo;
  /** Absent: this node was never restored, and follows nobody. */
  readonly takeover?: Takeover;
  readonly stopping: AbortSignal;
  /** After a commit is on disk. */
  readonly onChanged: (conversation: ConversationId) => Promise<void>;
}

/** Groups, news included, that one user may make; conversations of two are not counted. */
export const MAX_MADE = 1000;
/** Epochs of which group info is kept, and bytes of it in all, for each group. */
const MAX_INFOS = 8;
const MAX_INFO_BYTES = 4 * MAX_GROUP_INFO;

export class HomeOrder {
  readonly #parts: HomeOrderComponents;
  readonly #turns = new Turns();

  constructor(parts: HomeOrderComponents) {
    this.#parts = parts;
  }

  /**
   * Resolves once it is on disk.
   * @throws ConflictError `commit-lost`, `epoch-ahead`, `group-exists`; InputError `commit-too-long`, `group-info-too-long`,
   *   `user-unknown`, `roster-wrong`; RefusedError `not-a-member`, `not-home`, `group-limit`, `user-disabled`
   */
  accept(author: Author, proposed: ProposedCommit): Promise<Accepted> {
    checkLengths(proposed);
    const roster = decodeRoster(proposed.rosterBytes);
    return this.#turns.run(proposed.conversation, async () => {
      const accepted = await this.#accept(author, proposed, roster);
      await this.#parts.onChanged(proposed.conversation);
      return accepted;
    });
  }

  /** As this realm may order it: a home that may have forgotten something asks the others first. */
  async #present({ realm: from }: Author, { conversation, group }: ProposedCommit): Promise<StoredGroup | undefined> {
    const { book, takeover, realm, stopping } = this.#parts;
    let state = await book.get(conversation, group);
    if (!state && from !== realm) state = await takeover?.learn(conversation, group, from, stopping);
    return state && takeover?.isDue(state) ? takeover.settle(state, stopping) : state;
  }

  async #accept(author: Author, proposed: ProposedCommit, roster: Roster): Promise<Accepted> {
    const { epoch } = proposed;
    const before = await this.#present(author, proposed);
    if (before) {
      const repeated = await this.#answerAgain(before, author, proposed);
      if (repeated) return repeated;
      this.#checkChange(before, author, roster);
      if (epoch > before.epoch) throw new EpochError('epoch-ahead', before.epoch);
    } else {
      await this.#checkNew(author, proposed, roster);
    }
    const { inspect, inspectInfo } = this.#parts;
    inspect?.(proposed, before);
    if (proposed.groupInfo) inspectInfo?.({ ...proposed, epoch: epoch + 1, groupInfo: proposed.groupInfo });
    const homes = this.#homesOf(roster, before, author);
    const term = before?.term ?? roster.term;
    await this.#write(author, proposed, { ...proposed, roster, homes, term }, before);
    return { epoch: epoch + 1 };
  }

  /** Who left by the commit may repeat it, too. @throws EpochError `commit-lost`; RefusedError `not-a-member` */
  async #answerAgain(before: StoredGroup, { user }: Author, { conversation, group, epoch, commit }: ProposedCommit) {
    if (epoch >= before.epoch) return undefined;
    const accepted = await this.#parts.store.commit(conversation, group, epoch);
    if (accepted?.sender === user && equals(accepted.commit, commit)) return { epoch: epoch + 1 };
    if (!before.members.has(user)) throw new RefusedError('not-a-member', `${user} is no member of this group`);
    throw new EpochError('commit-lost', before.epoch);
  }

  #checkChange(before: StoredGroup, { user }: Author, roster: Roster): void {
    const { realm, directory } = this.#parts;
    if (before.home !== realm) throw new RefusedError('not-home', `The group's home is ${before.home}`);
    assertMayCommit(before.rosterBytes, roster, user, directory);
    if (roster.term > before.term) throw new InputError('roster-wrong', `The group's home has the term ${before.term}`);
  }

  async #checkNew({ user, realm }: Author, { conversation, epoch }: ProposedCommit, roster: Roster): Promise<void> {
    const { book, store, realm: here } = this.#parts;
    if (epoch !== 0) throw new EpochError('epoch-ahead', 0);
    if (roster.home !== here || realm !== here || roster.term !== 0) {
      throw new RefusedError('not-home', 'A group begins at the home of who makes it, with the term 0');
    }
    if (roleOf(roster, user) !== 'owner') throw new InputError('roster-wrong', 'Who makes a group is its owner');
    // Before anything is said of what is there: whoever is not of the two learns nothing of them.
    if (!isFitting(conversation, roster)) {
      throw new InputError(
        'roster-wrong',
        'A conversation of two has the id that follows from the two, and no other has',
      );
    }
    if ((await book.all(conversation)).length > 0) {
      throw new ConflictError('group-exists', `The conversation ${conversation} has a group already`);
    }
    if (roster.kind !== 'direct' && (await store.made(user, MAX_MADE)) >= MAX_MADE) {
      throw new RefusedError('group-limit', `A user makes at most ${MAX_MADE} groups`);
    }
  }

  /** Where each member is at home. Who joins must be known, active and reachable by the rules. */
  #homesOf(roster: Roster, before: StoredGroup | undefined, { user: author }: Author): RealmName[] {
    const { directory, rules } = this.#parts;
    const from = directory.findById(author);
    return roster.members.map(({ user }) => {
      const known = directory.findById(user);
      const was = before?.members.get(user);
      if (was) return known?.home ?? was.home;
      if (!known) throw new InputError('user-unknown', `Nobody known here has the id ${user}`);
      if (known.status !== 'active') throw new RefusedError('user-disabled', `${user} is disabled`);
      const objection = from && rules?.outgoing(from, known);
      if (objection) throw new RefusedError(objection, `${from?.home} may not write to ${known.home}`);
      return known.home;
    });
  }

  async #write(author: Author, proposed: ProposedCommit, commit: Commit, before: StoredGroup | undefined) {
    const { realm, incarnation, clock, arrivals, book, fanOut } = this.#parts;
    const { conversation } = proposed;
    const infos = await this.#infoWrites(proposed);
    const { user: sender, device } = author;
    const context = { realm, incarnation, home: realm, conversation, sender, device, now: clock.now() };
    const change = changeOf(before, commit, context);
    const destinations = new Set([...realmsOf(change.state), ...(before ? realmsOf(before) : [])]);
    destinations.delete(realm);
    const added: Added[] = fanOut.add({ ...author, conversation }, commit, encodeCommit(commit), [...destinations]);
    const made: Write[] = before || change.state.kind === 'direct' ? [] : [madeWrite(author.user, conversation)];
    await arrivals.append(change.drafts, { writes: [...change.writes, ...infos, ...made], added });
    await book.changed(change.state);
  }

  /** Of a group that this realm orders: realms to which members moved get the newest commit. */
  handToNewHomes(conversation: ConversationId, group: GroupId): Promise<void> {
    return this.#turns.run(conversation, async () => {
      const { realm, store, book, fanOut, arrivals } = this.#parts;
      // As it is written down, and as it is.
      const before = (await store.states(conversation)).find((one) => one.group === group);
      const state = await book.get(conversation, group);
      if (!before || !state || state.home !== realm || state.epoch === 0) return;
      const known = realmsOf(before);
      const fresh = [...realmsOf(state)].filter((home) => !known.has(home) && home !== realm);
      const isMoved = [...state.members].some(([user, { home }]) => before.members.get(user)?.home !== home);
      const newest = isMoved ? await store.commit(conversation, group, state.epoch - 1) : undefined;
      if (!newest) return;
      const homes = [...state.members.values()].map(({ home }) => home);
      const groupInfo = await store.info(conversation, group, state.epoch);
      const commit = {
        ...newest,
        group,
        homes,
        roster: decodeRoster(newest.rosterBytes),
        ...(groupInfo && { groupInfo }),
      };
      const by = { conversation, user: newest.sender, device: newest.device };
      const added = fanOut.add(by, commit, encodeCommit(commit), fresh);
      await arrivals.append([], { writes: [stateWrite(state)], added });
      await book.changed(state);
    });
  }

  async #infoWrites({ conversation, group, epoch, groupInfo }: Omit<ProposedCommit, 'commit' | 'rosterBytes'>) {
    if (!groupInfo) return [];
    const kept = await this.#parts.store.infos(conversation, group);
    let bytes = groupInfo.length;
    const tooOld = kept.toReversed().filter((info, i) => {
      bytes += info.bytes;
      return i >= MAX_INFOS - 1 || bytes > MAX_INFO_BYTES;
    });
    return [
      infoWrite(conversation, group, epoch + 1, groupInfo),
      ...tooOld.map((info) => infoRemoval(conversation, group, info.epoch)),
    ];
  }

  /** Group info of the present epoch, handed in after its commit. @throws EpochError; RefusedError `not-a-member`; PeerError `group-info-wrong` */
  putInfo(user: UserId, info: GroupInfo): Promise<void> {
    checkInfo(info.groupInfo);
    return this.#turns.run(info.conversation, async () => {
      const state = await this.#parts.book.get(info.conversation, info.group);
      if (!state?.members.has(user)) throw new RefusedError('not-a-member', `${user} is no member of this group`);
      if (info.epoch !== state.epoch) throw new EpochError('commit-lost', state.epoch);
      this.#parts.inspectInfo?.(info);
      await this.#parts.arrivals.append([], { writes: await this.#infoWrites({ ...info, epoch: info.epoch - 1 }) });
    });
  }
}

function checkLengths({ commit, groupInfo }: ProposedCommit): void {
  if (commit.length === 0 || commit.length > MAX_COMMIT) {
    throw new InputError('commit-too-long', `A commit of ${commit.length} bytes; from 1 to ${MAX_COMMIT}`);
  }
  checkInfo(groupInfo);
}

function checkInfo(groupInfo: Uint8Array | undefined): void {
  if (groupInfo && groupInfo.length > MAX_GROUP_INFO) {
    throw new InputError('group-info-too-long', `Group info has at most ${MAX_GROUP_INFO} bytes`);
  }
}
