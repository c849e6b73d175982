// What entries say: one payload a kind, positional arrays as everywhere.
//
//   key              [certificate chain of the author's node]           both chains; introduces the key of the entries from itself on.
//                    or [chain, certificate of an incarnation]          begins that incarnation (incarnation.ts)
//   snapshot         [rows, hash of the rows]                           both chains; what counted before it (snapshot.ts)
//   realm-certified  [realm, tier, authority's chain, [relay address]]  network
//   user-added       [user id, kind, status, login hash, profile hash]  directory
//                    or the same and true                               the user is hidden: for nodes to know, clients are not told
//   user-changed     the same; replaces what was said of the user
//   user-removed     [user id]                                          directory; whoever holds the profile record erases it
//   aliases          [[user id, ...], [[user id, holder's id], ...]]    directory of a house: the bare logins of the first are theirs,
//                                                                       those of the others belong to somebody else; the newest counts
//
// The owners of other kinds (`crl`, `trust`, ...) have their codecs. Kinds that are not known are kept and passed over.
//
// Names and logins are in no entry: they travel as profile records (../profile) that can be erased. The two hashes are salted with
// a random salt that lies in the record, so that once it is erased nothing can be guessed from them.
import { idBytes, idText, parseUserId, type UserId } from '../../realm/ids.ts';
import { parseRealmName, type RealmName, TIERS, type Tier } from '../../realm/names.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../store/positional.ts';
import { MAX_PAYLOAD } from './entry.ts';

export const KEY = 'key';
export const REALM_CERTIFIED = 'realm-certified';
export const USER_ADDED = 'user-added';
export const USER_CHANGED = 'user-changed';
export const USER_REMOVED = 'user-removed';
export const ALIASES = 'aliases';

export const USER_KINDS = ['person', 'bot', 'system'] as const;
export type UserKind = (typeof USER_KINDS)[number];
export const USER_STATUSES = ['active', 'disabled'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

const MAX_NAME = 253;
/** As src/pki allows for an encoded chain. */
export const MAX_CERTIFICATES = 16 * 1024;
const MAX_RELAYS = 16;
const MAX_ADDRESS = 200;
const HASH = 32;
const UUID = 16;

export interface RealmCertified {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly chain: Uint8Array;
  readonly relays: readonly string[];
}

export interface UserEntry {
  readonly id: UserId;
  readonly kind: UserKind;
  readonly status: UserStatus;
  readonly loginHash: Uint8Array;
  readonly profileHash: Uint8Array;
  /** Found by nobody but who shares a conversation with the user. */
  readonly isHidden?: boolean | undefined;
}

export interface KeyIntroduction {
  readonly chain: Uint8Array;
  /** The certificate of the incarnation that this entry begins. */
  readonly incarnation: Uint8Array | undefined;
}

export function encodeKey(chain: Uint8Array, incarnation?: Uint8Array): Uint8Array {
  return encodeFields(incarnation ? [chain, incarnation] : [chain]);
}

/** @throws InputError `malformed`, as all of these */
export function decodeKey(payload: Uint8Array): KeyIntroduction {
  return decodeFields(payload, 'key entry', (reader) => ({
    chain: reader.bytes(MAX_CERTIFICATES),
    incarnation: reader.hasMore ? reader.bytes(MAX_PAYLOAD) : undefined,
  }));
}

export function encodeRealmCertified({ realm, tier, chain, relays }: RealmCertified): Uint8Array {
  return encodeFields([realm, tier, chain, relays]);
}

export function decodeRealmCertified(payload: Uint8Array): RealmCertified {
  return decodeFields(payload, 'certified realm', (reader) => ({
    realm: parseRealmName(reader.text(MAX_NAME)),
    tier: reader.oneOf(TIERS),
    chain: reader.bytes(MAX_CERTIFICATES),
    relays: reader.list(MAX_RELAYS, (item) => item.text(MAX_ADDRESS)),
  }));
}

export function encodeUserEntry({ id, kind, status, loginHash, profileHash, isHidden }: UserEntry): Uint8Array {
  return encodeFields([idBytes(id), kind, status, loginHash, profileHash, ...(isHidden ? [true] : [])]);
}

export function decodeUserEntry(payload: Uint8Array): UserEntry {
  return decodeFields(payload, 'user entry', (reader) => {
    const entry = {
      id: parseUserId(idText(reader.bytes(UUID, UUID))),
      kind: reader.oneOf(USER_KINDS),
      status: reader.oneOf(USER_STATUSES),
      loginHash: reader.bytes(HASH, HASH),
      profileHash: reader.bytes(HASH, HASH),
    };
    return reader.hasMore && reader.boolean() ? { ...entry, isHidden: true } : entry;
  });
}

const readUser = (reader: FieldReader): UserId => parseUserId(idText(reader.bytes(UUID, UUID)));

/** Of `user-removed`. */
export function encodeUser(id: UserId): Uint8Array {
  return encodeFields([idBytes(id)]);
}

export function decodeUser(payload: Uint8Array): UserId {
  return decodeFields(payload, 'user id', readUser);
}

export interface Aliases {
  readonly granted: readonly UserId[];
  readonly refused: readonly { readonly id: UserId; readonly holder: UserId }[];
}

/** Decisions of one entry. */
export const MAX_ALIASES = 256;

export function encodeAliases({ granted, refused }: Aliases): Uint8Array {
  return encodeFields([granted.map(idBytes), refused.map(({ id, holder }) => [idBytes(id), idBytes(holder)])]);
}

export function decodeAliases(payload: Uint8Array): Aliases {
  return decodeFields(payload, 'aliases', (reader) => ({
    granted: reader.list(MAX_ALIASES, readUser),
    refused: reader.list(MAX_ALIASES, (item) => {
      const fields = item.nested();
      const read = { id: readUser(fields), holder: readUser(fields) };
      fields.end();
      return read;
    }),
  }));
}
