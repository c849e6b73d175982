// Who of this realm's users knows whom: by what this node has on disk of their conversations, and by nothing else, so that no list
// of acquaintances is kept. Who has left a group knows those who were in it at that time; who is written to knows the writer as soon as the
// first mail lies here, before the conversation itself does.
import { decodeRoster } from '../../src/crypto/roster.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { EventStore } from '../conversations/event-store.ts';
import { realmsOf } from '../conversations/group-state.ts';
import type { Directory } from '../directory/directory.ts';
import type { GroupBook } from '../groups/group-book.ts';
import type { StoredGroup } from '../groups/group-record.ts';
import type { GroupStore } from '../groups/group-store.ts';
import type { MailStore } from '../mails/mail-store.ts';

export interface AcquaintanceComponents {
  readonly events: Pick<EventStore, 'conversations'>;
  readonly book: Pick<GroupBook, 'get'>;
  readonly groups: Pick<GroupStore, 'joined' | 'leftBy' | 'span' | 'commit'>;
  readonly mails: Pick<MailStore, 'hasOf'>;
  readonly directory: Pick<Directory, 'findById'>;
}

export class Acquaintances {
  readonly #parts: AcquaintanceComponents;

  constructor(parts: AcquaintanceComponents) {
    this.#parts = parts;
  }

  /** Those of `others` with whom a user of this realm shares a conversation, or who have written. */
  async known(user: UserId, others: Iterable<UserId>): Promise<ReadonlySet<UserId>> {
    const met = await this.#met(user);
    const known = new Set<UserId>();
    for (const other of others) if (met.has(other) || (await this.#wasMet(user, other))) known.add(other);
    return known;
  }

  /** Whether a user of this realm shares a conversation with anybody of that one. */
  async hasAt(realm: RealmName, user: UserId): Promise<boolean> {
    const { events, directory } = this.#parts;
    for (const { members } of await events.conversations(user)) {
      if (members.some((other) => directory.findById(other)?.home === realm)) return true;
    }
    for (const state of await this.#groupsOf(user)) if (realmsOf(state).has(realm)) return true;
    return false;
  }

  async #met(user: UserId): Promise<Set<UserId>> {
    const met = new Set<UserId>();
    for (const { members } of await this.#parts.events.conversations(user)) for (const one of members) met.add(one);
    for (const state of await this.#groupsOf(user)) for (const one of await this.#membersFor(user, state)) met.add(one);
    return met;
  }

  /** All that the user was ever in. */
  async #groupsOf(user: UserId): Promise<StoredGroup[]> {
    const { groups, book } = this.#parts;
    const found: StoredGroup[] = [];
    for (const { conversation, group } of await groups.joined(user)) {
      const state = await book.get(conversation, group);
      if (state) found.push(state);
    }
    return found;
  }

  /** Whoever has left knows nobody who came after that. */
  async #membersFor(user: UserId, state: StoredGroup): Promise<Iterable<UserId>> {
    if (state.members.has(user)) return state.members.keys();
    const { groups } = this.#parts;
    const { conversation, group } = state;
    const left = (await groups.span(user, conversation, group))?.left;
    const last = left && (await groups.commit(conversation, group, left.epoch));
    return last ? decodeRoster(last.rosterBytes).members.map((member) => member.user) : [];
  }

  async #wasMet(user: UserId, other: UserId): Promise<boolean> {
    if (await this.#parts.mails.hasOf(user, other)) return true;
    for (const { conversation, left, group } of await this.#parts.groups.leftBy(other)) {
      const span = await this.#parts.groups.span(user, conversation, group);
      if (span && span.from < left.epoch) return true;
    }
    return false;
  }
}
