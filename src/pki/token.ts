// Join tokens: what an administrator of a realm gives to the administrator of a new one below it. Whoever holds a token may
// have that one name certified, once for each slot:
//   authority  the new realm's own authority
//   relay      a relay leaf issued by the parent, for a branch whose relay stands on another host and joins first
//   own-relay  a relay leaf issued by the realm itself, for a further relay of its own; the only slot of such a token
//
// Line: `canopy1.<payload>.<checksum>`. Payload (CBOR): [realm, tier, id, secret, root fingerprint, expires (seconds),
// ancestors: [[realm, [multiaddr, …]], …]], the nearest ancestor first.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { readCbor, writeCbor } from '../realm/cbor.ts';
import { InputError } from '../realm/errors.ts';
import { parseRealmName, parseTier, type RealmName, type Tier } from '../realm/names.ts';
import { encodeLine, parseLine } from './pasteable.ts';

export const SLOTS = ['authority', 'relay', 'own-relay'] as const;
export type Slot = (typeof SLOTS)[number];

/** A realm above, and how its relays are reached. */
export interface Ancestor {
  readonly realm: RealmName;
  /** Multiaddrs that end in the relay's peer id. */
  readonly relays: readonly string[];
}

export interface JoinToken {
  readonly realm: RealmName;
  readonly tier: Tier;
  /** 16 bytes, hex. */
  readonly id: string;
  /** 32 bytes. Never logged. */
  readonly secret: Uint8Array;
  /** SHA-256 of the root's DER, hex. */
  readonly rootFingerprint: string;
  /** Milliseconds since 1970; whole seconds. */
  readonly expires: number;
  readonly ancestors: readonly Ancestor[];
}

/** Whether the realm itself made the token, for a further relay of its own: then its present relays stand in it, too. */
export function isOwnRelayToken({ realm, ancestors }: Pick<JoinToken, 'realm' | 'ancestors'>): boolean {
  return ancestors.some((one) => one.realm === realm);
}

export const TOKEN_PREFIX = 'canopy1';
export const TOKEN_ID_BYTES = 16;
export const TOKEN_SECRET_BYTES = 32;
const FINGERPRINT_BYTES = 32;
const MAX_ANCESTORS = 8;
const MAX_RELAYS = 8;
const MAX_ADDRESS = 256;
const SECOND = 1000;

/** @throws InputError `token-too-long` when the relays' addresses do not fit a line */
export function encodeToken(token: JoinToken): string {
  const fields = [
    token.realm,
    token.tier,
    fromString(token.id, 'hex'),
    token.secret,
    fromString(token.rootFingerprint, 'hex'),
    Math.floor(token.expires / SECOND),
    token.ancestors.map(({ realm, relays }) => [realm, [...relays]]),
  ];
  return encodeLine(TOKEN_PREFIX, writeCbor(fields));
}

/** @throws InputError `token-malformed`, `token-version`, `token-cut`, `token-mistyped` */
export function parseToken(text: string): JoinToken {
  const bytes = parseLine(TOKEN_PREFIX, text, 'join token');
  try {
    return readToken(readCbor(bytes));
  } catch (cause) {
    throw new InputError('token-malformed', 'the join token is whole, but what it says cannot be read', { cause });
  }
}

function readToken(value: unknown): JoinToken {
  const [realm, tier, id, secret, fingerprint, expires, ancestors] = expectList(value, 7);
  if (typeof expires !== 'number' || !Number.isSafeInteger(expires) || expires < 0) throw wrong('the expiry');
  if (!Array.isArray(ancestors) || ancestors.length > MAX_ANCESTORS) throw wrong('the list of ancestors');
  return {
    realm: parseRealmName(expectText(realm)),
    tier: parseTier(expectText(tier)),
    id: toString(expectBytes(id, TOKEN_ID_BYTES), 'hex'),
    secret: expectBytes(secret, TOKEN_SECRET_BYTES),
    rootFingerprint: toString(expectBytes(fingerprint, FINGERPRINT_BYTES), 'hex'),
    expires: expires * SECOND,
    ancestors: ancestors.map(readAncestor),
  };
}

function readAncestor(value: unknown): Ancestor {
  const [realm, relays] = expectList(value, 2);
  if (!Array.isArray(relays) || relays.length > MAX_RELAYS) throw wrong('the list of relays');
  return { realm: parseRealmName(expectText(realm)), relays: relays.map(expectText) };
}

function wrong(what: string): InputError {
  return new InputError('token-malformed', `${what} is not of the form expected`);
}

function expectList(value: unknown, length: number): unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw wrong('a list');
  return value;
}

function expectText(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_ADDRESS) throw wrong('a text');
  return value;
}

function expectBytes(value: unknown, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw wrong('a byte string');
  return value;
}
