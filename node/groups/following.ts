// Commits of groups whose home is elsewhere. What comes is judged and put into an inbox in the batch of the delivery; then it is applied
// epoch by epoch, whichever order it came in. What is missing is asked for at the home. A realm speaks for the groups whose home
// it is and for no other: the home of a conversation is the one that this realm learnt first, until a higher term names another.
import { roleOf } from '../../src/crypto/roster.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import { type Commit, decodeCommit } from '../../src/protocols/order/commit-body.ts';
import type { OrderedCommit } from '../../src/protocols/order/frames.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { ConversationId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import type { ArrivalLog } from '../conversations/arrival-log.ts';
import type { Delivered, JudgedElsewhere } from '../conversations/delivered.ts';
import { membersAt } from '../conversations/group-state.ts';
import type { MessageRules } from '../conversations/message-rules.ts';
import { Turns } from '../conversations/turns.ts';
import type { Directory } from '../directory/directory.ts';
import { changeOf } from './change.ts';
import type { GroupBook } from './group-book.ts';
import type { StoredGroup } from './group-record.ts';
import { type GroupStore, inboxRemoval, inboxWrite, infoRemoval, infoWrite } from './group-store.ts';
import { isFitting } from './groups.ts';

export interface FollowingComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit'>;
  readonly store: GroupStore;
  readonly book: GroupBook;
  readonly arrivals: Pick<ArrivalLog, 'append'>;
  readonly directory: Pick<Directory, 'findById' | 'meet'>;
  readonly rules?: Pick<MessageRules, 'incoming'>;
  /** Who keeps the order of groups that began at a realm; other than that realm when it was retired. */
  readonly homeOf: (realm: RealmName) => RealmName;
  readonly clock: Clock;
  readonly log: Log;
  /** Commits are missing here: the home is asked, or whoever wrote to a group that nobody here knows. */
  readonly onGap: (conversation: ConversationId, group: GroupId | undefined, ask: RealmName) => void;
  /** A group has changed: what waited for that may go on. */
  readonly onChanged: (conversation: ConversationId) => Promise<void>;
}

/** Epochs above the present one of which a commit is kept; the home is asked for what is between. */
const MAX_AHEAD = 256;
/** Groups that are new here, of one realm and of all. */
const NEW_GROUPS = { perSecond: 10, burst: 5000 };
const NEW_GROUPS_OF_ALL = { perSecond: 100, burst: 20_000 };
const START_PAGE = 10_000;

const rejected = (code: string): JudgedElsewhere => ({ outcome: { kind: 'rejected', code } });

export class Following {
  readonly #parts: FollowingComponents;
  readonly #newGroups: RateLimiter;
  readonly #turns = new Turns();
  readonly #working = new Set<Promise<void>>();

  constructor(parts: FollowingComponents) {
    this.#parts = parts;
    this.#newGroups = new RateLimiter(parts.clock, NEW_GROUPS, NEW_GROUPS_OF_ALL);
  }

  /** What lay in the inbox when the node stopped is applied. */
  async start(): Promise<void> {
    const waiting = await this.#parts.store.inbox(START_PAGE);
    const groups = new Map(
      waiting.map(({ conversation, group }) => [`${conversation}/${group}`, { conversation, group }]),
    );
    for (const { conversation, group } of groups.values()) await this.advance(conversation, group);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#working);
  }

  async judge({ encoded, origin }: Delivered): Promise<JudgedElsewhere> {
    const { conversation, sender, device, body } = encoded.envelope;
    const commit = decodeCommit(body);
    const why = await this.#objection(conversation, commit, sender, origin);
    if (why === 'duplicate') return { outcome: { kind: 'duplicate' } };
    if (why !== undefined) return rejected(why);
    return {
      outcome: { kind: 'accepted' },
      plan: () => ({ writes: [inboxWrite(conversation, commit, { sender, device, body })] }),
      after: () => this.#soon(conversation, commit.group),
    };
  }

  async #objection(
    conversation: ConversationId,
    commit: Commit,
    sender: UserId,
    origin: RealmName,
  ): Promise<string | undefined> {
    const { book, realm } = this.#parts;
    const states = await book.all(conversation);
    const state = states.find(({ group }) => group === commit.group);
    if (state) {
      if (this.#parts.homeOf(state.home) !== origin) return 'foreign-home';
      const isLater = commit.term > state.term;
      if (commit.term < state.term || (commit.epoch < state.epoch && !isLater)) return 'duplicate';
      if ((commit.roster.kind === 'direct') !== (state.kind === 'direct')) return 'roster-wrong';
      const isOut = membersAt(state, realm).length === 0;
      return commit.epoch > state.epoch + MAX_AHEAD && !isOut && !isLater ? 'too-far-ahead' : undefined;
    }
    return this.#objectionToNew(conversation, commit, { sender, origin, states });
  }

  /** A group that is new here: its home is who sends it, and it is about somebody of this realm. */
  async #objectionToNew(
    conversation: ConversationId,
    { roster }: Commit,
    { sender, origin, states }: { sender: UserId; origin: RealmName; states: readonly StoredGroup[] },
  ): Promise<string | undefined> {
    const { homeOf } = this.#parts;
    if (homeOf(roster.home) !== origin) return 'foreign-home';
    if (!this.#newGroups.take(origin)) return 'group-rate';
    if (!isFitting(conversation, roster)) return 'conversation-unknown';
    const isDirect = roster.kind === 'direct';
    if (!isDirect && states.length > 0) return 'foreign-home';
    const { directory, rules, realm } = this.#parts;
    const met = await directory.meet?.(sender, origin);
    const local = roster.members
      .flatMap(({ user }) => directory.findById(user) ?? [])
      .filter(({ home }) => home === realm);
    // A successor orders groups in which nobody of its own may be.
    if (local.length === 0 && homeOf(roster.home) !== realm) return 'recipient-unknown';
    const isOfPair = roleOf(roster, sender) !== undefined;
    if (isDirect && !isOfPair) return 'foreign-sender';
    const from = directory.findById(sender) ?? met;
    return rules && local.map((to) => rules.incoming(from, origin, to)).find((code) => code !== undefined);
  }

  #soon(conversation: ConversationId, group: GroupId): void {
    const working = this.advance(conversation, group).catch((error: unknown) => {
      this.#parts.log.error({ conversation, error: messageOf(error) }, 'commits were not applied');
    });
    this.#working.add(working);
    void working.then(() => this.#working.delete(working));
  }

  /** For what was fetched from its home. What that realm may not say is left out. */
  async take(conversation: ConversationId, commits: readonly OrderedCommit[], home: RealmName): Promise<void> {
    const groups = new Set<GroupId>();
    const writes: Write[] = [];
    for (const { sender, device, body } of commits) {
      const commit = decodeCommit(body);
      const why = await this.#objection(conversation, commit, sender, home);
      if (why !== undefined) continue;
      groups.add(commit.group);
      writes.push(inboxWrite(conversation, commit, { sender, device, body }));
    }
    await this.#parts.database.commit(writes);
    for (const group of groups) await this.advance(conversation, group);
  }

  /** Applies what waits, as far as it goes without a gap. */
  async advance(conversation: ConversationId, group: GroupId): Promise<void> {
    const changed = await this.#turns.run(`${conversation}/${group}`, async () => {
      let count = 0;
      while (await this.#applyNext(conversation, group)) count++;
      return count > 0;
    });
    if (changed) await this.#parts.onChanged(conversation);
  }

  async #applyNext(conversation: ConversationId, group: GroupId): Promise<boolean> {
    const { book, store, realm, onGap } = this.#parts;
    const state = await book.get(conversation, group);
    const waiting = (await store.inbox(MAX_AHEAD + 1, conversation)).filter((one) => one.group === group);
    const isOld = ({ term, epoch }: { term: number; epoch: number }): boolean =>
      state !== undefined && (term < state.term || (term === state.term && epoch < state.epoch));
    await this.#drop(waiting.filter(isOld));
    const rest = waiting.filter((one) => !isOld(one));
    // What follows without a gap, then the beginning of a higher term.
    const [next] = rest.sort((a, b) => a.term - b.term || a.epoch - b.epoch);
    if (!next) return false;
    if (state && next.epoch > state.epoch && membersAt(state, realm).length > 0) {
      onGap(conversation, group, state.home);
      return false;
    }
    await this.#apply(next, state);
    return true;
  }

  async #drop(
    old: readonly { conversation: ConversationId; group: GroupId; term: number; epoch: number }[],
  ): Promise<void> {
    const writes = old.map(({ conversation, group, term, epoch }) => inboxRemoval(conversation, group, term, epoch));
    await this.#parts.database.commit(writes);
  }

  async #apply(
    { conversation, group, term, epoch }: { conversation: ConversationId; group: GroupId; term: number; epoch: number },
    state: StoredGroup | undefined,
  ): Promise<void> {
    const { store, realm, incarnation, clock, arrivals, book } = this.#parts;
    const waiting = await store.waiting(conversation, group, term, epoch);
    if (!waiting) return;
    const { sender, device, body } = waiting;
    const commit = decodeCommit(body);
    const home = this.#parts.homeOf(state?.home ?? commit.roster.home);
    // What a home takes back from others says nothing about what else it had said.
    const own = home === realm ? (state?.incarnation ?? 0) : incarnation;
    const kept = home === realm && state ? state.home : home;
    const context = {
      realm,
      incarnation: own,
      home: home === realm ? kept : home,
      conversation,
      sender,
      device,
      now: clock.now(),
    };
    const change = changeOf(state, { ...commit, homes: this.#homesOf(commit) }, context);
    const info = commit.groupInfo
      ? [
          infoWrite(conversation, group, epoch + 1, commit.groupInfo),
          infoRemoval(conversation, group, Math.max(0, epoch - 1)),
        ]
      : [];
    await arrivals.append(change.drafts, {
      writes: [...change.writes, ...info, inboxRemoval(conversation, group, term, epoch)],
    });
    await book.changed(change.state);
  }

  /** Whom the directory knows is where it says; a home can't make up people of this realm. */
  #homesOf({ roster, homes }: Commit): RealmName[] {
    const { directory, realm } = this.#parts;
    return roster.members.map(({ user }, i) => {
      const claimed = homes[i] ?? roster.home;
      return directory.findById(user)?.home ?? (claimed === realm ? roster.home : claimed);
    });
  }
}
