// What clients read of groups: commits from joining to leaving, group info while they are members. Whoever never was in a group learns
// nothing of it, not even that it exists.
import { RefusedError } from '../../src/realm/errors.ts';
import type { ConversationId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { GroupBook } from './group-book.ts';
import type { StoredCommit, StoredGroup } from './group-record.ts';
import type { GroupStore } from './group-store.ts';
import type { RemoteOrder } from './remote-order.ts';

export interface GroupReaderComponents {
  readonly realm: RealmName;
  readonly store: GroupStore;
  readonly book: GroupBook;
  readonly remote: Pick<RemoteOrder, 'info'>;
  readonly homeOf: (realm: RealmName) => RealmName;
}

export interface CommitPage {
  readonly commits: readonly StoredCommit[];
  readonly group: GroupId;
  /** Continue with `after` here. */
  readonly next: number | undefined;
}

/** Bytes of commits in one page, but for a single one that is larger. */
const PAGE = { count: 200, bytes: 768 * 1024 };

export class GroupReader {
  readonly #parts: GroupReaderComponents;

  constructor(parts: GroupReaderComponents) {
    this.#parts = parts;
  }

  /** All groups of a conversation that the user is or was in, the one that counts first. @throws RefusedError `conversation-unknown` */
  async groups(user: UserId, conversation: ConversationId): Promise<StoredGroup[]> {
    const { book } = this.#parts;
    const states = await book.all(conversation);
    const spans = await Promise.all(states.map(({ group }) => book.span(user, conversation, group)));
    const mine = states.filter((_, i) => spans[i] !== undefined);
    if (mine.length === 0) throw unknown(conversation);
    return mine;
  }

  /** Commits that bring a member of epoch `after` forward. @throws RefusedError `conversation-unknown` */
  async commits(
    user: UserId,
    conversation: ConversationId,
    { group, after }: { readonly group?: GroupId | undefined; readonly after: number },
  ): Promise<CommitPage> {
    const { book, store } = this.#parts;
    const state = await this.#group(user, conversation, group);
    const span = await book.span(user, conversation, state.group);
    if (!span) throw unknown(conversation);
    const from = Math.max(after, span.from);
    const until = span.left?.epoch ?? state.epoch - 1;
    const commits = (await store.commits(conversation, state.group, from, PAGE)).filter(({ epoch }) => epoch <= until);
    const last = commits.at(-1)?.epoch;
    return { commits, group: state.group, next: last !== undefined && last < until ? last + 1 : undefined };
  }

  /** For present members. @throws RefusedError `conversation-unknown`, `not-a-member`, `epoch-unknown`; UnreachableError `home-away` */
  async info(
    user: UserId,
    conversation: ConversationId,
    { group, epoch }: { readonly group?: GroupId | undefined; readonly epoch?: number | undefined },
    signal: AbortSignal,
  ): Promise<{ readonly state: StoredGroup; readonly epoch: number; readonly groupInfo: Uint8Array | undefined }> {
    const { realm, store, remote, homeOf } = this.#parts;
    const state = await this.#group(user, conversation, group);
    if (!state.members.has(user)) throw new RefusedError('not-a-member', `${user} has left this group`);
    const wanted = epoch ?? state.epoch;
    const groupInfo = await store.info(conversation, state.group, wanted);
    if (groupInfo || homeOf(state.home) === realm) return { state, epoch: wanted, groupInfo };
    return { state, ...(await remote.info(state, epoch ?? 0, signal)) };
  }

  async #group(user: UserId, conversation: ConversationId, group: GroupId | undefined): Promise<StoredGroup> {
    const mine = await this.groups(user, conversation);
    const found = group ? mine.find((state) => state.group === group) : mine[0];
    if (!found) throw unknown(conversation);
    return found;
  }
}

function unknown(conversation: ConversationId): RefusedError {
  return new RefusedError('conversation-unknown', `No group ${conversation} of this user is known`);
}
