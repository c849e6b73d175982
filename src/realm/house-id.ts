// A user's id says of which house it is: its first ten bytes follow from the house's name. So no realm can give one of its users the id of
// a user of another house, and a user who moves within the house keeps it. The next two say which realm of the house gave it, so that
// among themselves the realms of a house claim each other's users only where two of them happen to have the same two bytes.
//
//   id  = the first 10 bytes of SHA-256 over "canopy/user/1|" and the house's name,
//         the first 2 of SHA-256 over "canopy/user-birth/1|" and the name of the realm that gave it, then 4 random bytes;
//         version and variant of a UUID of version 8 (RFC 9562 section 5.8) stand in their 6 bits
//
// The house of a branch is the realm right above it; any other realm is its own. 74 bits of the hash are left: nobody finds a
// second name that has them.
import { sha256 } from '@noble/hashes/sha2.js';
import { idBytes, idText, parseUserId, type UserId } from './ids.ts';
import { parentOf, type RealmName } from './names.ts';

const LABEL = 'canopy/user/1|';
const BIRTH_LABEL = 'canopy/user-birth/1|';
const OF_HOUSE = 10;
const OF_BIRTH = 2;
/** Bytes behind those of the house, and how many of them are random. */
export const OF_USER = 6;
export const OF_CHANCE: number = OF_USER - OF_BIRTH;
const VERSION = 0x80;

/** An id that `realm` of that house gives. @param random OF_CHANCE bytes; the realm makes sure that it gives none twice */
export function userIdOf(house: RealmName, realm: RealmName, random: Uint8Array): UserId {
  return houseUserId(house, Uint8Array.of(...birthOf(realm), ...random.subarray(0, OF_CHANCE)));
}

/** Whether that realm of its house may have given it. */
export function isBornAt(id: UserId, realm: RealmName): boolean {
  const bytes = idBytes(id);
  return birthOf(realm).every((byte, at) => byte === bytes[OF_HOUSE + at]);
}

/** @param random OF_USER bytes */
export function houseUserId(house: RealmName, random: Uint8Array): UserId {
  return parseUserId(idText(Uint8Array.of(...prefixOf(house), ...random.subarray(0, OF_USER))));
}

/** Whether the id says of which house it is, rather than nothing. */
export function namesHouse(id: UserId): boolean {
  return ((idBytes(id)[6] ?? 0) & 0xf0) === VERSION;
}

export function isOfHouse(id: UserId, house: RealmName): boolean {
  const bytes = idBytes(id);
  return prefixOf(house).every((byte, at) => byte === bytes[at]);
}

/**
 * Whether a user of that realm may have that id. Only what stands right below a region may be an enterprise, which is a house of
 * its own, or a branch of the region's house: `isEnterprise` is asked then.
 */
export function mayBeOf(id: UserId, realm: RealmName, isEnterprise: () => boolean): boolean {
  if (isOfHouse(id, realm)) return true;
  const above = parentOf(realm);
  if (above === undefined || !isOfHouse(id, above)) return false;
  return parentOf(above) !== undefined || !isEnterprise();
}

function birthOf(realm: RealmName): Uint8Array {
  return sha256(new TextEncoder().encode(BIRTH_LABEL + realm)).slice(0, OF_BIRTH);
}

function prefixOf(house: RealmName): Uint8Array {
  const prefix = sha256(new TextEncoder().encode(LABEL + house)).slice(0, OF_HOUSE);
  prefix[6] = ((prefix[6] ?? 0) & 0x0f) | VERSION;
  prefix[8] = ((prefix[8] ?? 0) & 0x3f) | 0x80;
  return prefix;
}
