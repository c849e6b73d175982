// What conversations ask of groups (node/conversations/rosters.ts), answered from the book and the store.
import type { Clock } from '../../src/realm/clock.ts';
import type { ConversationId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Delivered, JudgedElsewhere } from '../conversations/delivered.ts';
import { type GroupState, realmsOf } from '../conversations/group-state.ts';
import type { Rosters } from '../conversations/rosters.ts';
import { GroupBook } from './group-book.ts';
import { GroupStore } from './group-store.ts';
import type { HeldMessages } from './held-messages.ts';

/** Milliseconds after a removal in which messages of the removed still come in: their realm may have been cut off before it learnt. */
export const MAX_LATE = 7 * 24 * 3600_000;
/** The same for what was stamped before the removal: it waited behind a cut, however long that was. */
export const MAX_LATE_BEFORE: number = 90 * 24 * 3600_000;

export class GroupRosters implements Rosters {
  readonly store: GroupStore;
  readonly book: GroupBook;
  readonly #clock: Pick<Clock, 'now'>;
  #held: Pick<HeldMessages, 'hold'> | undefined;

  constructor(database: Pick<Database, 'get' | 'iterate'>, clock: Pick<Clock, 'now'>) {
    this.store = new GroupStore(database);
    this.book = new GroupBook(this.store);
    this.#clock = clock;
  }

  /** Who keeps messages that came too early; set before the node starts. */
  holdBy(held: Pick<HeldMessages, 'hold'>): void {
    this.#held = held;
  }

  find(conversation: ConversationId): Promise<GroupState | undefined> {
    return this.book.find(conversation);
  }

  async mayBeLate(conversation: ConversationId, user: UserId, stampedAt: number): Promise<boolean> {
    const group = await this.book.find(conversation);
    const left = group && (await this.store.left(user, conversation, group.group));
    if (!left) return false;
    const limit = stampedAt <= left.at ? MAX_LATE_BEFORE : MAX_LATE;
    return Math.max(this.#clock.now(), stampedAt) - left.at < limit;
  }

  async hold(item: Delivered): Promise<JudgedElsewhere> {
    return this.#held?.hold(item) ?? { outcome: { kind: 'rejected', code: 'conversation-unknown' } };
  }

  async isMember(user: UserId, conversation: ConversationId): Promise<boolean> {
    return (await this.book.find(conversation))?.members.has(user) === true;
  }

  async hasMembersAt(realm: RealmName, conversation: ConversationId): Promise<boolean> {
    const group = await this.book.find(conversation);
    return group !== undefined && realmsOf(group).has(realm);
  }

  async realmsOf(conversation: ConversationId): Promise<readonly RealmName[]> {
    const group = await this.book.find(conversation);
    return group ? [...realmsOf(group)] : [];
  }
}
