// The safety number of two people: the same on the screens of both exactly when both hold the same identity for each of them. They compare
// it over another channel, and so find out a server that showed one of them a false identity.
//
//   half   = first 30 bytes of SHA-512("canopy/safety/1\n" | user id (16) | identity key (32)), each 5 bytes as a number modulo 100,000
//   number = the halves of both, the lower user id first: twelve groups of five digits
//
// A half has 99 bits: nobody finds another key with the same one.
import { sha512 } from '@noble/hashes/sha2.js';
import { concat } from 'uint8arrays/concat';
import { idBytes, type UserId } from '../realm/ids.ts';

const LABEL = new TextEncoder().encode('canopy/safety/1\n');
const GROUPS = 6;
const GROUP_BYTES = 5;

export interface KnownIdentity {
  readonly user: UserId;
  /** Ed25519, 32 bytes. */
  readonly identity: Uint8Array;
}

/** Groups of five digits, to be shown apart. */
export function safetyNumber(one: KnownIdentity, other: KnownIdentity): readonly string[] {
  const inOrder = one.user < other.user ? [one, other] : [other, one];
  return inOrder.flatMap(half);
}

function half({ user, identity }: KnownIdentity): readonly string[] {
  const digest = sha512(concat([LABEL, idBytes(user), identity]));
  return Array.from({ length: GROUPS }, (_, at) => {
    const bytes = digest.subarray(at * GROUP_BYTES, (at + 1) * GROUP_BYTES);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, '0');
  });
}
