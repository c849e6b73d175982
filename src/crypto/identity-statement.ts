// What the authority of a realm says of one of the realm's users: whose key an identity is. The directory chain holds it as `user-identity`
// (src/protocols/ledger/people-kinds.ts); a client reads it here.
//
//   statement   canopy/user-identity/1|<realm>|<user id>|<sequence>|<identity key, hex>|<time>       ECDSA P-256, SHA-256
//   bytes       [user id, identity key, sequence, time, signature]
import { toString } from 'uint8arrays/to-string';
import { idText, parseUserId, type UserId } from '../realm/ids.ts';
import type { RealmName } from '../realm/names.ts';
import { KEY_BYTES } from './identity.ts';
import { decodeStrict, Fields } from './strict-cbor.ts';

const UUID = 16;
const MAX_SIGNATURE = 80;
const MAX_STATEMENT = 256;

export interface UserIdentity {
  readonly user: UserId;
  readonly key: Uint8Array;
  /** A higher one replaces an identity, or says the same again by another authority. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly signature: Uint8Array;
}

/** What the authority of `realm` signs. */
export function identityStatement(realm: RealmName, identity: Omit<UserIdentity, 'signature'>): Uint8Array {
  const { user, key, sequence, time } = identity;
  const text = `canopy/user-identity/1|${realm}|${user}|${sequence}|${toString(key, 'hex')}|${time}`;
  return new TextEncoder().encode(text);
}

/** @throws PeerError `frame-malformed`, `frame-too-long` */
export function readIdentityStatement(bytes: Uint8Array): UserIdentity {
  const fields = new Fields(decodeStrict(bytes, MAX_STATEMENT), 'user identity', 5);
  return {
    user: parseUserId(idText(fields.bytes(UUID, UUID))),
    key: fields.bytes(KEY_BYTES, KEY_BYTES),
    sequence: fields.uint(),
    time: fields.uint(),
    signature: fields.bytes(MAX_SIGNATURE),
  };
}
