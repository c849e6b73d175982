// A user's id says of which house it is: its first ten bytes follow from the house's name, the last six are random. So no realm can
// give one of its users the id of a user of another house, and a user who moves within the house keeps it.
//
//   id  = the first 10 bytes of SHA-256 over "canopy/user/1|" and the house's name, then 6 random bytes;
//         version and variant of a UUID of version 8 (RFC 9562 section 5.8) stand in their 6 bits
//
// The house of a branch is the realm right above it; any other realm is its own. 74 bits of the hash are left: nobody finds a
// second name that has them.
import { sha256 } from '@noble/hashes/sha2.js';
import { idBytes, idText, parseUserId, type UserId } from './ids.ts';
import { parentOf, type RealmName } from './names.ts';

const LABEL = 'canopy/user/1|';
const OF_HOUSE = 10;
/** Random bytes of an id. */
export const OF_USER = 6;
const VERSION = 0x80;

/** @param random OF_USER bytes; the house makes sure that it gives none twice */
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

function prefixOf(house: RealmName): Uint8Array {
  const prefix = sha256(new TextEncoder().encode(LABEL + house)).slice(0, OF_HOUSE);
  prefix[6] = ((prefix[6] ?? 0) & 0x0f) | VERSION;
  prefix[8] = ((prefix[8] ?? 0) & 0x3f) | 0x80;
  return prefix;
}
