// What entries say: one payload a kind, positional arrays as everywhere.
//
//   key              [certificate chain of the author's node]           both chains; introduces the key of the entries from itself on
//   realm-certified  [realm, tier, authority's chain, [relay address]]  network
//   revocation       [serial, issuer, time]                             network; reserved, kept and not yet acted upon
//   user-added       [user id, kind, status, login hash, profile hash]  directory
//   user-changed     the same; replaces what was said of the user
//
// Names and logins are in no entry: they travel as profile records (../profile) that can be erased. The two hashes are salted with
// a random salt that lies in the record, so that once it is erased nothing can be guessed from them.
import { idBytes, idText, parseUserId, type UserId } from '../../realm/ids.ts';
import { parseRealmName, type RealmName, TIERS, type Tier } from '../../realm/names.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';

export const KEY = 'key';
export const REALM_CERTIFIED = 'realm-certified';
export const USER_ADDED = 'user-added';
export const USER_CHANGED = 'user-changed';

export const USER_KINDS = ['person', 'bot', 'system'] as const;
export type UserKind = (typeof USER_KINDS)[number];
export const USER_STATUSES = ['active', 'disabled'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

const MAX_NAME = 253;
/** As src/pki allows for an encoded chain. */
const MAX_CHAIN = 16 * 1024;
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

export function encodeKey(chain: Uint8Array): Uint8Array {
  return encodeFields([chain]);
}

/** @throws InputError `malformed`, as all of these */
export function decodeKey(payload: Uint8Array): Uint8Array {
  return decodeFields(payload, 'key entry', (reader) => reader.bytes(MAX_CHAIN));
}

export function encodeRealmCertified({ realm, tier, chain, relays }: RealmCertified): Uint8Array {
  return encodeFields([realm, tier, chain, relays]);
}

export function decodeRealmCertified(payload: Uint8Array): RealmCertified {
  return decodeFields(payload, 'certified realm', (reader) => ({
    realm: parseRealmName(reader.text(MAX_NAME)),
    tier: reader.oneOf(TIERS),
    chain: reader.bytes(MAX_CHAIN),
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
