// What this node answers other realms that ask about groups: as their home, or by naming the home. A realm is told only of groups in
// which it has members, or had them at that epoch.

import { encodeCommit } from '../../src/protocols/order/commit-body.ts';
import type { OrderAnswer, OrderedCommit, OrderRequest } from '../../src/protocols/order/frames.ts';
import { MAX_COMMITS, MAX_COMMITS_BYTES } from '../../src/protocols/order/index.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { realmsOf } from '../conversations/group-state.ts';
import type { Directory } from '../directory/directory.ts';
import type { GroupBook } from './group-book.ts';
import type { StoredCommit, StoredGroup } from './group-record.ts';
import type { GroupStore } from './group-store.ts';
import type { HomeOrder } from './home-order.ts';

export interface OrderDeskComponents {
  readonly realm: RealmName;
  readonly store: GroupStore;
  readonly book: GroupBook;
  readonly home: Pick<HomeOrder, 'accept' | 'putInfo'>;
  readonly homeOf: (realm: RealmName) => RealmName;
  readonly directory: Pick<Directory, 'findById' | 'mayHave' | 'meet'>;
}

export class OrderDesk {
  readonly #parts: OrderDeskComponents;

  constructor(parts: OrderDeskComponents) {
    this.#parts = parts;
  }

  /** @throws RefusedError `conversation-unknown`, `foreign-sender`; what HomeOrder.accept throws */
  async answer(asker: RealmName, request: OrderRequest, room: number = MAX_COMMITS_BYTES): Promise<OrderAnswer> {
    switch (request.kind) {
      case 'propose': {
        const { user, device } = request;
        await this.#checkSender(asker, request);
        return { kind: 'accepted', ...(await this.#parts.home.accept({ user, device, realm: asker }, request)) };
      }
      case 'put-info':
        await this.#checkSender(asker, request);
        await this.#parts.home.putInfo(request.user, request);
        return { kind: 'accepted', epoch: request.epoch };
      case 'commits':
        return this.#commits(asker, request, room);
      case 'info':
        return this.#info(asker, request);
    }
  }

  /**
   * A realm speaks for its own users. Where somebody is who is not in the directory, as people of other enterprises may not be, the
   * group's last commit says, unless the person has moved since; of who is not in the group either the id says which house it is of.
   */
  async #checkSender(asker: RealmName, request: Extract<OrderRequest, { user: UserId }>): Promise<void> {
    const { user, device } = request;
    const { directory } = this.#parts;
    const member = (await this.#stateOf(request))?.members.get(user);
    const known = directory.findById(user)?.home ?? member?.home;
    if (known === asker) return;
    const isOfHouse = directory.mayHave?.(asker, user) ?? known === undefined;
    if (isOfHouse && known === undefined) return;
    if (isOfHouse && directory.findById(user) === undefined) {
      await directory.meet?.(user, asker);
      if (directory.findById(user)?.home === asker) return;
    }
    throw new RefusedError('foreign-sender', `${user} with ${device} is not of ${asker}`);
  }

  async #stateOf({
    conversation,
    group,
  }: Pick<OrderRequest, 'conversation' | 'group'>): Promise<StoredGroup | undefined> {
    const { book } = this.#parts;
    return group ? book.get(conversation, group) : book.find(conversation);
  }

  async #commits(
    asker: RealmName,
    request: Extract<OrderRequest, { kind: 'commits' }>,
    room: number,
  ): Promise<OrderAnswer> {
    const { realm, store, homeOf } = this.#parts;
    const state = await this.#stateOf(request);
    if (!state) throw unknown();
    const { conversation, group, home, term } = state;
    const limits = { count: MAX_COMMITS, bytes: room };
    const from = Math.max(0, request.from - 1);
    const stored = await store.commits(conversation, group, from, limits);
    const told = stored.filter(
      (commit, i) => commit.epoch >= request.from && (homeOf(home) === asker || concerns(asker, commit, stored[i - 1])),
    );
    if (told.length === 0 && !realmsOf(state).has(asker) && homeOf(home) !== asker) throw unknown();
    // Whoever orders the group now may have less of it than its members.
    if (homeOf(home) !== realm && homeOf(home) !== asker) {
      return { kind: 'commits', home: homeOf(home), term, commits: [], more: false };
    }
    const last = stored.at(-1)?.epoch ?? state.epoch;
    return {
      kind: 'commits',
      home,
      term,
      commits: told.map((one) => ordered(state, one)),
      more: last + 1 < state.epoch,
    };
  }

  async #info(asker: RealmName, request: Extract<OrderRequest, { kind: 'info' }>): Promise<OrderAnswer> {
    const state = await this.#stateOf(request);
    if (!state || !realmsOf(state).has(asker)) throw unknown();
    const epoch = request.epoch || state.epoch;
    const groupInfo = await this.#parts.store.info(state.conversation, state.group, epoch);
    if (!groupInfo) throw new RefusedError('epoch-unknown', `No group info of epoch ${epoch} is kept`);
    return { kind: 'info', epoch, groupInfo };
  }
}

/** A realm whose last member a commit removes still gets that one. */
function concerns(asker: RealmName, commit: StoredCommit, before: StoredCommit | undefined): boolean {
  return commit.homes.includes(asker) || before?.homes.includes(asker) === true;
}

function ordered({ group }: StoredGroup, { sender, device, ...stored }: StoredCommit): OrderedCommit {
  const body = encodeCommit({ ...stored, group });
  return { sender, device, body };
}

function unknown(): RefusedError {
  return new RefusedError('conversation-unknown', 'No group of that conversation is known here');
}
