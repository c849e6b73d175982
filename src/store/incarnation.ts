// The generation of a realm's sequences. Every number of our own is (realm, incarnation, n); a node that was restored gets a
// new incarnation before it numbers anything, so that no restored backup and no cloned disk uses a number twice.
//
// Key: ('incarnation', realm) -> decimal text.
import { LocalError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';
import type { Database } from './database.ts';
import { key } from './keys.ts';

const FIRST = 1;

/** The realm's present incarnation; 1 is written when there is none yet. */
export async function openIncarnation(database: Database, realm: RealmName): Promise<number> {
  const stored = await database.get(key('incarnation', realm));
  if (!stored) {
    await storeIncarnation(database, realm, FIRST);
    return FIRST;
  }
  const incarnation = Number(new TextDecoder().decode(stored));
  if (!Number.isSafeInteger(incarnation) || incarnation < FIRST) {
    throw new LocalError('store-damaged', `The incarnation of ${realm} is unreadable`, {
      hint: 'Restore the latest backup of this directory.',
    });
  }
  return incarnation;
}

export async function storeIncarnation(database: Database, realm: RealmName, incarnation: number): Promise<void> {
  const value = new TextEncoder().encode(String(incarnation));
  await database.commit([{ type: 'put', key: key('incarnation', realm), value }]);
}
