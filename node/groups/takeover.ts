// A home that can't be sure that it knows the newest commit: it was restored from a copy, or it follows a realm that was retired. It asks
// every realm with members what they have, takes that in, and goes on with a term of one more: whatever was accepted elsewhere in a
// lower term loses, and those who followed it join anew. So no (term, epoch) is ever given out twice, whoever can be reached.
import { decodeCommit } from '../../src/protocols/order/commit-body.ts';
import type { OrderAnswer, OrderedCommit, OrderRequest } from '../../src/protocols/order/frames.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { ConversationId, GroupId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { realmsOf } from '../conversations/group-state.ts';
import type { Directory } from '../directory/directory.ts';
import { assertMayCommit } from './author-rights.ts';
import type { Following } from './following.ts';
import type { GroupBook } from './group-book.ts';
import type { StoredGroup } from './group-record.ts';
import { type GroupStore, stateWrite } from './group-store.ts';
import type { InspectCommit } from './groups.ts';

export interface TakeoverComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit'>;
  readonly book: GroupBook;
  readonly store: Pick<GroupStore, 'commit'>;
  /** Who keeps the order of groups that began at a realm. */
  readonly homeOf: (realm: RealmName) => RealmName;
  readonly ask: (realm: RealmName, request: OrderRequest, signal: AbortSignal) => Promise<OrderAnswer>;
  readonly following: Pick<Following, 'take'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly inspect?: InspectCommit;
  readonly log: Log;
}

/** Pages of commits that are taken of one realm. */
const MAX_PAGES = 64;

export class Takeover {
  readonly #parts: TakeoverComponents;

  constructor(parts: TakeoverComponents) {
    this.#parts = parts;
  }

  /** Whether the own word on this group's order may be behind what was said before. */
  isDue({ home, incarnation }: StoredGroup): boolean {
    const { realm, homeOf } = this.#parts;
    return homeOf(home) === realm && (home !== realm || incarnation !== this.#parts.incarnation);
  }

  /** The group as it stands after everybody in reach was asked; from here on this realm orders it. */
  async settle(before: StoredGroup, signal: AbortSignal): Promise<StoredGroup> {
    const { realm, incarnation, database, book, homeOf } = this.#parts;
    const others = [...realmsOf(before)].filter((one) => one !== realm && homeOf(one) === one);
    // One after another: what one realm told is what the next one's commits are judged by.
    for (const one of others) {
      await this.#fill(before.conversation, before.group, one, signal, (commit) =>
        this.#passes(before.conversation, commit),
      );
    }
    const now = (await book.get(before.conversation, before.group)) ?? before;
    const state = { ...now, home: realm, term: now.term + 1, incarnation };
    await database.commit([stateWrite(state)]);
    await book.changed(state);
    return state;
  }

  /**
   * A group that is not known here: whoever asks knows it. Undefined when it is not for this realm to order, and for a home that
   * was never restored: it has forgotten no group of its own, and nobody tells it of another.
   */
  async learn(
    conversation: ConversationId,
    group: GroupId,
    from: RealmName,
    signal: AbortSignal,
  ): Promise<StoredGroup | undefined> {
    await this.#fill(conversation, group, from, signal, async (commit) => {
      return this.#mayTell(conversation, from, commit) && (await this.#passes(conversation, commit));
    });
    return this.#parts.book.get(conversation, group);
  }

  /** A realm tells of groups in which it has members, and that this realm orders and may not know. */
  #mayTell(conversation: ConversationId, from: RealmName, { body }: OrderedCommit): boolean {
    const { realm, incarnation, homeOf, directory } = this.#parts;
    const commit = decodeCommit(body);
    const { roster, homes } = commit;
    const isForgotten = roster.home === realm ? incarnation > 1 : homeOf(roster.home) === realm;
    const isTheirs = roster.members.some(({ user }, i) => (directory.findById(user)?.home ?? homes[i]) === from);
    return isForgotten && isTheirs;
  }

  /**
   * Whatever a member's realm says that was accepted is looked at as if it were handed in now: its roster is the commit's own, and its
   * author had the right to it. @throws InputError, RefusedError, PeerError of the inspection
   */
  async #passes(conversation: ConversationId, { sender, body }: OrderedCommit): Promise<boolean> {
    const { book, inspect, directory } = this.#parts;
    const commit = decodeCommit(body);
    const state = await book.get(conversation, commit.group);
    if (state && commit.term === state.term && commit.epoch < state.epoch) return false;
    inspect?.({ ...commit, conversation, groupInfo: undefined }, state);
    const before = state && (await this.#rosterBefore(state, commit.epoch));
    if (state && !before) return false;
    if (before) assertMayCommit(before, commit.roster, sender, directory);
    return true;
  }

  /** What the commit of that epoch is based on. */
  async #rosterBefore({ conversation, group, epoch, rosterBytes }: StoredGroup, at: number) {
    if (at === epoch) return rosterBytes;
    return at < epoch ? (await this.#parts.store.commit(conversation, group, at - 1))?.rosterBytes : undefined;
  }

  async #fill(
    conversation: ConversationId,
    group: GroupId,
    from: RealmName,
    signal: AbortSignal,
    mayTell: (commit: OrderedCommit) => Promise<boolean>,
  ): Promise<void> {
    const { book, ask, following, log, realm } = this.#parts;
    try {
      for (let page = 0; page < MAX_PAGES; page++) {
        const at = (await book.get(conversation, group))?.epoch ?? 0;
        const answer = await ask(from, { kind: 'commits', conversation, group, from: at }, signal);
        if (answer.kind !== 'commits' || answer.commits.length === 0) return;
        // Each is judged by the state that the one before it has made.
        for (const commit of answer.commits) {
          if (await mayTell(commit)) await following.take(conversation, [commit], realm);
        }
        const now = (await book.get(conversation, group))?.epoch ?? 0;
        if (!answer.more || now <= at) return;
      }
    } catch (error) {
      log.info({ conversation, realm: from, why: messageOf(error) }, 'a realm did not tell what it knows of a group');
    }
  }
}
