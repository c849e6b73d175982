// The errand `user-keys` (../errand): a node asks the home of a user of another enterprise for the user's identity and devices.
//
//   question   [1, user id]
//   answer     [1, identity, [certificate, ...], [removed device id, ...], [authority's certificate, ..., root's]]
//              identity as `user-identity` of the ledger; the last list is empty while the home has no authority at hand
//
// Ids can't be guessed. Who is unknown, has no identity or is not to be found from outside is refused alike: `user-unknown`.
// Further refusals: `lookup-rate` (200 at once and then 4 a second of one origin), `malformed`.

import type { UserIdentity } from '../../crypto/identity-statement.ts';
import { type DeviceId, idBytes, idText, parseDeviceId, parseUserId, type UserId } from '../../realm/ids.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { decodeUserIdentity, encodeUserIdentity } from '../ledger/people-kinds.ts';

export const KEYS_ERRAND = 'user-keys';
const VERSION = 1;
const UUID = 16;
const MAX_IDENTITY = 256;
const MAX_CERTIFICATE = 256;
const MAX_CERTIFICATES = 64;
const MAX_REMOVED = 1024;
const MAX_AUTHORITIES = 4;
/** As src/pki/der.ts takes one. */
const MAX_AUTHORITY = 4096;

export interface FoundKeys {
  readonly identity: UserIdentity;
  readonly certificates: readonly Uint8Array[];
  readonly removed: readonly DeviceId[];
  /** Of the authority that stated the identity, the root's last. */
  readonly authority: readonly Uint8Array[];
}

export function encodeKeyQuestion(user: UserId): Uint8Array {
  return encodeFields([VERSION, idBytes(user)]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeKeyQuestion(bytes: Uint8Array): UserId {
  return decodeFields(bytes, 'question for keys', (reader) => {
    reader.version(VERSION);
    return parseUserId(idText(reader.bytes(UUID, UUID)));
  });
}

export function encodeFoundKeys({ identity, certificates, removed, authority }: FoundKeys): Uint8Array {
  const gone = removed.slice(-MAX_REMOVED).map(idBytes);
  return encodeFields([VERSION, encodeUserIdentity(identity), certificates, gone, authority]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeFoundKeys(bytes: Uint8Array): FoundKeys {
  return decodeFields(bytes, 'found keys', (reader) => {
    reader.version(VERSION);
    return {
      identity: decodeUserIdentity(reader.bytes(MAX_IDENTITY)),
      certificates: reader.list(MAX_CERTIFICATES, (item) => item.bytes(MAX_CERTIFICATE)),
      removed: reader.list(MAX_REMOVED, (item) => parseDeviceId(idText(item.bytes(UUID, UUID)))),
      authority: reader.list(MAX_AUTHORITIES, (item) => item.bytes(MAX_AUTHORITY)),
    };
  });
}
