// What entries say: one payload a kind, positional arrays as everywhere.
//
//   key              [certificate chain of the author's node]           both chains; introduces the key of the entries from itself on.
//                    or [chain, certificate of an incarnation]          begins that incarnation (incarnation.ts)
//   snapshot         [rows, hash of the rows]                           both chains; what counted before it (snapshot.ts)
//   realm-certified  [realm, tier, authority's chain, [relay address]]  network
//   user-added       [user id, kind, status, login hash, profile hash]  directory
//   user-changed     the same; replaces what was said of the user
//   user-removed     [user id]                                          directory; whoever holds the profile record erases it
//   alias-granted    [user id]                                          directory of a house: the bare login is this user's
//   alias-refused    [user id, id of the user who has it]               directory of a house: it is somebody else's
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
export const ALIAS_GRANTED = 'alias-granted';
export const ALIAS_REFUSED = 'alias-refused';

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

export function encodeUserEntry({ id, kind, status, loginHash, profileHash }: UserEntry): Uint8Array {
  return encodeFields([idBytes(id), kind, status, loginHash, profileHash]);
}

export function decodeUserEntry(payload: Uint8Array): UserEntry {
  return decodeFields(payload, 'user entry', (reader) => ({
    id: parseUserId(idText(reader.bytes(UUID, UUID))),
    kind: reader.oneOf(USER_KINDS),
    status: reader.oneOf(USER_STATUSES),
    loginHash: reader.bytes(HASH, HASH),
    profileHash: reader.bytes(HASH, HASH),
  }));
}

const readUser = (reader: FieldReader): UserId => parseUserId(idText(reader.bytes(UUID, UUID)));

/** Of `user-removed` and `alias-granted`. */
export function encodeUser(id: UserId): Uint8Array {
  return encodeFields([idBytes(id)]);
}

export function decodeUser(payload: Uint8Array): UserId {
  return decodeFields(payload, 'user id', readUser);
}

export function encodeAliasRefused(id: UserId, holder: UserId): Uint8Array {
  return encodeFields([idBytes(id), idBytes(holder)]);
}

export function decodeAliasRefused(payload: Uint8Array): { id: UserId; holder: UserId } {
  return decodeFields(payload, 'refused alias', (reader) => ({ id: readUser(reader), holder: readUser(reader) }));
}
