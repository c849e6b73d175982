// Judges the next entry of a chain against its head. Pure but for the check of certificate chains, which is passed in.
//
// A `key` entry introduces its own key: it carries the certificate chain of the realm's node and is signed by that leaf. So a
// node that lost its key goes on with a new leaf of the same authority, and whether a key may sign is judged at its number: the
// leaf must be valid at the entry's time, and times never go back.
import type { KeyObject } from 'node:crypto';
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import type { RealmName, Role } from '../../realm/names.ts';
import { type ChainId, type Entry, importPublicKey, isSignedBy, keyIdOf, NO_HASH, type SignedEntry } from './entry.ts';
import { decodeKey, KEY } from './kinds.ts';

/** What the certificate chain of a key entry says. */
export interface LedgerKey {
  readonly realm: RealmName;
  readonly role: Role;
  /** 32 raw bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Checks an encoded certificate chain up to the overlay's root, as of `time`. @throws RefusedError `cert-*` */
export type CheckChain = (chain: Uint8Array, time: number) => Promise<LedgerKey>;

/** The end of a chain, and the key that may sign what follows. */
export interface Head {
  readonly id: ChainId;
  readonly incarnation: number;
  /** 0 before the first entry. */
  readonly n: number;
  readonly hash: Uint8Array;
  readonly time: number;
  readonly key: HeadKey | undefined;
}

export interface HeadKey {
  readonly keyId: Uint8Array;
  /** The certificate chain as the key entry carries it. */
  readonly chain: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
}

export function emptyHead(id: ChainId): Head {
  return { id, incarnation: 0, n: 0, hash: NO_HASH, time: 0, key: undefined };
}

function refuse(entry: Entry, why: string): never {
  throw new PeerError('ledger-invalid', `Entry ${entry.n} of the ${entry.chain} chain of ${entry.realm}: ${why}`);
}

function checkPlace(head: Head, entry: Entry): void {
  if (entry.realm !== head.id.realm || entry.chain !== head.id.chain) refuse(entry, 'it belongs to another chain');
  if (entry.n !== head.n + 1) refuse(entry, `expected number ${head.n + 1}`);
  if (!equals(entry.previous, head.hash)) refuse(entry, 'it does not follow the entry before it');
  if (entry.incarnation < Math.max(head.incarnation, 1)) refuse(entry, `incarnation ${entry.incarnation} is over`);
  if (entry.time < head.time) refuse(entry, 'its time lies before that of the entry before it');
}

/** @throws RefusedError `cert-*`, PeerError `ledger-invalid` */
export async function introducedKey(entry: Entry, check: CheckChain): Promise<HeadKey> {
  const chain = decodeKey(entry.payload);
  const key = await check(chain, entry.time);
  if (key.realm !== entry.realm || key.role !== 'node') refuse(entry, `its key is that of ${key.role} ${key.realm}`);
  const { notBefore, notAfter } = key;
  return { keyId: keyIdOf(key.publicKey), chain, notBefore, notAfter, publicKey: importPublicKey(key.publicKey) };
}

/** The head after this entry. @throws PeerError `ledger-invalid`, RefusedError `cert-*`, InputError `malformed` */
export async function follow(head: Head, signed: SignedEntry, check: CheckChain): Promise<Head> {
  const { entry } = signed;
  checkPlace(head, entry);
  const key = entry.kind === KEY ? await introducedKey(entry, check) : head.key;
  if (!key) return refuse(entry, 'no key was introduced before it');
  if (!equals(key.keyId, entry.keyId)) refuse(entry, 'it names another key');
  if (entry.time < key.notBefore || entry.time > key.notAfter) refuse(entry, 'its key was not valid at its time');
  if (!isSignedBy(signed, key.publicKey)) refuse(entry, 'its signature is wrong');
  return { id: head.id, incarnation: entry.incarnation, n: entry.n, hash: signed.hash, time: entry.time, key };
}
