// A realm that is gone for good, as an administrator of a realm above it declares: an entry of that realm's network chain. The
// successor keeps the order of its groups from then on, with a term of one more; whatever the retired one may still say is lower.
//
//   realm-retired   [1, realm, successor]     network chain of a realm above both; the newest of a realm counts
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';

/** Ledger entry. */
export const REALM_RETIRED = 'realm-retired';
const VERSION = 1;
const MAX_NAME = 253;

export interface Retirement {
  readonly realm: RealmName;
  readonly successor: RealmName;
}

export function encodeRetirement({ realm, successor }: Retirement): Uint8Array {
  return encodeFields([VERSION, realm, successor]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeRetirement(bytes: Uint8Array): Retirement {
  return decodeFields(bytes, 'retirement', (reader) => {
    reader.version(VERSION);
    return { realm: parseRealmName(reader.text(MAX_NAME)), successor: parseRealmName(reader.text(MAX_NAME)) };
  });
}
