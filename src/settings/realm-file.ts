// realm.json: which realm a data directory is, and where its way into the overlay begins. Nothing secret.
import * as v from 'valibot';
import { InputError, LocalError } from '../realm/errors.ts';
import { isRealmName, type RealmName, ROLES, type Role, TIERS, type Tier } from '../realm/names.ts';
import { type DataDirectory, noRealmHere, readOptional } from './data-directory.ts';
import { writePrivateFile } from './private-file.ts';

const SCHEMA_VERSION = 1;
const MAX_ANCESTORS = 8;
const MAX_RELAYS = 16;

export interface AncestorRelays {
  readonly realm: RealmName;
  /** Multiaddrs that end in /p2p/<peer id>. */
  readonly relays: readonly string[];
}

export interface RealmFile {
  readonly realm: RealmName;
  readonly tier: Tier;
  /** SHA-256 of the root certificate's DER, in hex. */
  readonly rootFingerprint: string;
  /** Nearest first; empty for a region. */
  readonly ancestors: readonly AncestorRelays[];
  /** Which programs this host runs: both, or one of a split branch. */
  readonly programs: readonly Role[];
  /**
   * Relays of this realm on other hosts (multiaddrs): of a split branch all of them, else those beside the one on this host. A
   * further relay's host has those that were there before it.
   */
  readonly ownRelays: readonly string[];
}

const realmName = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const relays = v.pipe(v.array(v.string()), v.maxLength(MAX_RELAYS));

const schema = v.object({
  schemaVersion: v.literal(SCHEMA_VERSION),
  realm: realmName,
  tier: v.picklist(TIERS),
  rootFingerprint: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  ancestors: v.pipe(v.array(v.object({ realm: realmName, relays })), v.maxLength(MAX_ANCESTORS)),
  programs: v.pipe(v.array(v.picklist(ROLES)), v.minLength(1)),
  ownRelays: relays,
});

/** Undefined when the directory has no realm yet. @throws LocalError `realm-file-damaged` */
export async function findRealmFile(directory: DataDirectory): Promise<RealmFile | undefined> {
  const text = await readOptional(directory.realm);
  if (text === undefined) return undefined;
  const result = v.safeParse(schema, parseJson(text, directory.realm));
  if (!result.success) throw damaged(directory.realm, result.issues[0].message);
  const { schemaVersion: _, ...file } = result.output;
  return file;
}

/** @throws InputError `no-realm-here` */
export async function readRealmFile(directory: DataDirectory): Promise<RealmFile> {
  const file = await findRealmFile(directory);
  if (!file) throw noRealmHere(directory.path);
  return file;
}

export async function writeRealmFile(directory: DataDirectory, file: RealmFile): Promise<void> {
  await writePrivateFile(directory.realm, `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...file }, null, 2)}\n`);
}

/** @throws InputError `wrong-program` when this host of a split branch runs only the other one. */
export function requireProgram(file: RealmFile, role: Role): void {
  if (file.programs.includes(role)) return;
  throw new InputError('wrong-program', `this host runs only the ${file.programs.join(' and ')} of ${file.realm}`, {
    hint: `Run the ${role} on the host that joined with --only ${role}.`,
  });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(path, 'not JSON');
  }
}

function damaged(path: string, why: string): LocalError {
  return new LocalError('realm-file-damaged', `${path} is damaged: ${why}`, {
    hint: 'Restore it from a backup, or join again with a new token: canopy join TOKEN --dir DIR',
  });
}
