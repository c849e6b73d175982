// An entry of a chain and its signed form.
//
//   entry   [version 1, realm, chain, incarnation, n, previous hash, time, kind, payload bytes, key id]
//   signed  [entry bytes, Ed25519 signature over "canopy/ledger/1" 00 and the entry bytes]
//   hash    SHA-256 of the entry bytes
//   key id  first 16 bytes of the SHA-256 of the raw public key
//
// `n` counts from 1 without a gap over all incarnations; `time` never goes back.
import { createHash } from 'node:crypto';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import type { LedgerKey } from './leaf-key.ts';

export const CHAINS = ['network', 'directory'] as const;
export type ChainKind = (typeof CHAINS)[number];

/** One of the chains of a realm. */
export interface ChainId {
  readonly realm: RealmName;
  readonly chain: ChainKind;
}

export interface Entry extends ChainId {
  readonly incarnation: number;
  readonly n: number;
  readonly previous: Uint8Array;
  /** Milliseconds since 1970 by the author's clock. */
  readonly time: number;
  /** See kinds.ts; a kind that is not known is kept and passed over. */
  readonly kind: string;
  readonly payload: Uint8Array;
  readonly keyId: Uint8Array;
}

export interface SignedEntry {
  readonly entry: Entry;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  /** What the signature covers. */
  readonly entryBytes: Uint8Array;
  /** The signed form, as it goes over the wire and into the store. */
  readonly bytes: Uint8Array;
}

/** What an entry says, without what proves it: the entry has been verified, or the snapshot that it comes from. */
export type Fact = Pick<Entry, 'realm' | 'chain' | 'n' | 'time' | 'kind' | 'payload'>;

export function chainName({ realm, chain }: ChainId): string {
  return `${realm}/${chain}`;
}

const VERSION = 1;
export const HASH = 32;
export const KEY_ID = 16;
export const SIGNATURE = 64;
export const MAX_NAME = 253;
export const MAX_KIND = 40;
/** Room for two certificate chains of 16 KiB: a leaf's, and that of the certifier of an incarnation. */
export const MAX_PAYLOAD = 36 * 1024;
export const MAX_SIGNED_ENTRY = MAX_PAYLOAD + 1024;
/** What the first entry has for a previous hash. */
export const NO_HASH: Uint8Array = new Uint8Array(HASH);

const LABEL = new TextEncoder().encode('canopy/ledger/1\0');

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, KEY_ID);
}

/** What an author signs. */
export function signedBytes(entryBytes: Uint8Array): Uint8Array {
  return Buffer.concat([LABEL, entryBytes]);
}

export function isSignedBy(signed: SignedEntry, { verify }: Pick<LedgerKey, 'verify'>): boolean {
  return verify(signedBytes(signed.entryBytes), signed.signature);
}

export function encodeEntry(entry: Entry): Uint8Array {
  const { realm, chain, incarnation, n, previous, time, kind, payload, keyId } = entry;
  return encodeFields([VERSION, realm, chain, incarnation, n, previous, time, kind, payload, keyId]);
}

/** @throws InputError `malformed`, `unknown-version`, `bad-realm-name` */
export function decodeEntry(bytes: Uint8Array): Entry {
  return decodeFields(bytes, 'ledger entry', (reader) => {
    reader.version(VERSION);
    return {
      realm: parseRealmName(reader.text(MAX_NAME)),
      chain: reader.oneOf(CHAINS),
      incarnation: reader.number(),
      n: reader.number(),
      previous: reader.bytes(HASH, HASH),
      time: reader.number(),
      kind: reader.text(MAX_KIND),
      payload: reader.bytes(MAX_PAYLOAD),
      keyId: reader.bytes(KEY_ID, KEY_ID),
    };
  });
}

export function joinSigned(entry: Entry, entryBytes: Uint8Array, signature: Uint8Array): SignedEntry {
  const bytes = encodeFields([entryBytes, signature]);
  return { entry, hash: sha256(entryBytes), signature, entryBytes, bytes };
}

/** @throws InputError `malformed`, `unknown-version`, `bad-realm-name` */
export function decodeSigned(bytes: Uint8Array): SignedEntry {
  const { entryBytes, signature } = decodeFields(bytes, 'signed ledger entry', (reader) => ({
    entryBytes: reader.bytes(MAX_SIGNED_ENTRY),
    signature: reader.bytes(SIGNATURE, SIGNATURE),
  }));
  return { entry: decodeEntry(entryBytes), hash: sha256(entryBytes), signature, entryBytes, bytes };
}
