// Network entry `authority-replaced`: the author's authority has another key from now on. What is below it moves to the new one in its
// ordinary renewal, or at once where the entry says so.
//
//   [1, the key that goes (SPKI), whether what is below moves at once]
import { type KeyName, keyName } from '../../src/pki/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';

export const AUTHORITY_REPLACED = 'authority-replaced';
const VERSION = 1;
/** Of a P-256 key, the only kind that an authority has. */
const SPKI_BYTES = 91;

export interface ReplacedEntry {
  readonly key: KeyName;
  readonly atOnce: boolean;
}

export function encodeReplaced(spki: Uint8Array, atOnce: boolean): Uint8Array {
  return encodeFields([VERSION, spki, atOnce]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeReplaced(payload: Uint8Array): ReplacedEntry {
  return decodeFields(payload, 'replaced authority', (reader) => {
    reader.version(VERSION);
    return { key: keyName(reader.bytes(SPKI_BYTES, SPKI_BYTES)), atOnce: reader.boolean() };
  });
}
