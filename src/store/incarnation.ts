// The generation of a realm's sequences. Every number of our own is (realm, incarnation, n); a node that was restored gets a
// new incarnation before it numbers anything, so that no restored backup and no cloned disk uses a number twice.
//
//   ('incarnation', realm)           decimal text
//   ('incarnation-certificate')      what certifies the own one (src/protocols/ledger/incarnation.ts); none for the first
//   ('incarnation-given', realm)     decimal text: the highest that this node has certified for a realm below
import { LocalError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';
import type { Database } from './database.ts';
import { key } from './keys.ts';

const FIRST = 1;

/** The realm's present incarnation; 1 is written when there is none yet. */
export async function openIncarnation(database: Database, realm: RealmName): Promise<number> {
  const stored = await readNumber(database, 'incarnation', realm);
  if (stored !== undefined) return stored;
  await writeNumber(database, 'incarnation', realm, FIRST);
  return FIRST;
}

/** Its certificate; undefined in the first incarnation. */
export function incarnationCertificate(database: Database): Promise<Uint8Array | undefined> {
  return database.get(key('incarnation-certificate'));
}

export async function storeIncarnation(
  database: Database,
  realm: RealmName,
  incarnation: number,
  certificate?: Uint8Array,
): Promise<void> {
  await database.commit([
    { type: 'put', key: key('incarnation', realm), value: text(incarnation) },
    ...(certificate ? [{ type: 'put', key: key('incarnation-certificate'), value: certificate } as const] : []),
  ]);
}

/** The highest that was ever given to a realm below; 0 when none was. */
export async function givenIncarnation(database: Database, realm: RealmName): Promise<number> {
  return (await readNumber(database, 'incarnation-given', realm)) ?? 0;
}

/** The next incarnation for a realm below, above `seen`; never the same twice. */
export async function giveIncarnation(database: Database, realm: RealmName, seen: number): Promise<number> {
  const given = Math.max(await givenIncarnation(database, realm), FIRST);
  const next = Math.max(given, seen) + 1;
  await writeNumber(database, 'incarnation-given', realm, next);
  return next;
}

const text = (value: number): Uint8Array => new TextEncoder().encode(String(value));

async function readNumber(database: Database, name: string, realm: RealmName): Promise<number | undefined> {
  const stored = await database.get(key(name, realm));
  if (!stored) return undefined;
  const value = Number(new TextDecoder().decode(stored));
  if (Number.isSafeInteger(value) && value >= FIRST) return value;
  throw new LocalError('store-damaged', `The incarnation of ${realm} is unreadable`, {
    hint: 'Restore the latest backup of this directory.',
  });
}

function writeNumber(database: Database, name: string, realm: RealmName, value: number): Promise<void> {
  return database.commit([{ type: 'put', key: key(name, realm), value: text(value) }]);
}
