// Members who moved to another branch. Where a member is at home is the directory's to say, so what goes to a group from now on goes
// there (group-book.ts), and whoever moved here may fetch commits from that on which brought the member in. That the new home knows the
// group at all is the duty of the group's home: it hands it the newest commit as if the member had come by it, and writes down where the
// member lives in the same step; what was not written down is found and done again at the next start.
import { decodeRoster, roleOf } from '../../src/crypto/roster.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { ConversationId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { membersAt } from '../conversations/group-state.ts';
import type { Directory } from '../directory/directory.ts';
import type { GroupBook } from './group-book.ts';
import type { StoredGroup } from './group-record.ts';
import { type GroupStore, joinedWrites } from './group-store.ts';
import type { HomeOrder } from './home-order.ts';

export interface MovedMembersComponents {
  readonly realm: RealmName;
  readonly database: Pick<Database, 'commit'>;
  readonly store: Pick<GroupStore, 'conversations' | 'commits' | 'span'>;
  readonly book: Pick<GroupBook, 'get'>;
  readonly directory: Pick<Directory, 'findById'> & Partial<Pick<Directory, 'list' | 'onChange'>>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** Milliseconds from news to the look, in which more of them are gathered. */
const PAUSE = 500;
const PAGE = { count: 256, bytes: 4 * 1024 * 1024 };

export class MovedMembers {
  readonly #c: MovedMembersComponents;
  readonly #home: Pick<HomeOrder, 'handToNewHomes'>;
  readonly #homes = new Map<UserId, RealmName>();
  #unsubscribe: (() => void) | undefined;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(components: MovedMembersComponents, home: Pick<HomeOrder, 'handToNewHomes'>) {
    this.#c = components;
    this.#home = home;
  }

  start(): void {
    const { directory } = this.#c;
    for (const { id, home } of directory.list?.() ?? []) this.#homes.set(id, home);
    this.#unsubscribe = directory.onChange?.(({ id, home }) => {
      const before = this.#homes.get(id);
      this.#homes.set(id, home);
      if (before !== home) this.#soon();
    });
    this.#soon();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#unsubscribe?.();
    this.#timer?.cancel();
    await this.#work;
  }

  #soon(): void {
    this.#timer?.cancel();
    this.#timer = this.#c.clock.after(PAUSE, () => {
      this.#work = this.#work.then(() => this.#lookQuietly());
    });
  }

  async #tell(conversation: ConversationId, group: GroupId): Promise<void> {
    const { book, store, realm, database } = this.#c;
    const state = await book.get(conversation, group);
    if (!state) return;
    for (const user of membersAt(state, realm)) {
      if (await store.span(user, conversation, group)) continue;
      await database.commit(joinedWrites(user, state, await this.#joinedAt(state, user)));
    }
    await this.#home.handToNewHomes(conversation, group);
  }

  /** The first of the commits that are kept since which the user was in it without a break. */
  async #joinedAt({ conversation, group, epoch: present }: StoredGroup, user: UserId): Promise<number> {
    let from: number | undefined;
    for (let next = 0; next < present; ) {
      const page = await this.#c.store.commits(conversation, group, next, PAGE);
      const last = page.at(-1);
      if (!last) break;
      for (const { epoch, rosterBytes } of page) {
        if (roleOf(decodeRoster(rosterBytes), user) === undefined) from = undefined;
        else from ??= epoch;
      }
      next = last.epoch + 1;
    }
    return from ?? present;
  }

  /** What failed is looked at again with the next news, and at the next start. */
  async #lookQuietly(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      if (!this.#isOver)
        this.#c.log.warn({ error: messageOf(error) }, 'groups were not looked through for members who moved');
    }
  }

  async #look(): Promise<void> {
    for await (const { conversation, group } of this.#c.store.conversations()) {
      if (this.#isOver) return;
      await this.#tell(conversation, group).catch((error: unknown) => {
        this.#c.log.warn({ conversation, error: messageOf(error) }, 'new home of a member was not told of a group');
      });
    }
  }
}
