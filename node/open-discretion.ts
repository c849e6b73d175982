// From whom hidden people are kept, by what this node has on disk of conversations, groups and mails.
import type { UserId } from '../src/realm/ids.ts';
import type { Database } from '../src/store/database.ts';
import { EventStore } from './conversations/event-store.ts';
import type { ForeignUsers } from './directory/foreign-users.ts';
import type { UserDirectory } from './directory/user-directory.ts';
import { Acquaintances } from './discretion/acquaintances.ts';
import { Discretion } from './discretion/discretion.ts';
import type { GroupRosters } from './groups/group-rosters.ts';
import { MailStore } from './mails/mail-store.ts';

export interface DiscretionNeeds {
  readonly users: Pick<UserDirectory, 'findById' | 'hidden'>;
  /** Of other houses. */
  readonly foreign: Pick<ForeignUsers, 'findById' | 'hidden'>;
  readonly rosters: Pick<GroupRosters, 'book' | 'store'>;
}

export function openDiscretion(
  database: Pick<Database, 'commit' | 'get' | 'iterate'>,
  { users, foreign, rosters }: DiscretionNeeds,
): Discretion {
  const directory = { findById: (id: UserId) => users.findById(id) ?? foreign.findById(id) };
  const { book, store: groups } = rosters;
  const stores = { events: new EventStore(database), mails: new MailStore(database), book, groups };
  const acquaintances = new Acquaintances({ ...stores, directory });
  return new Discretion({ directory, acquaintances, hidden: () => [users.hidden, foreign.hidden] });
}
