// Judges the next entry of a chain against its head. Pure but for the check of certificate chains, which is passed in.
//
// A `key` entry introduces its own key: it carries the certificate chain of the realm's node and is signed by that leaf. So a
// node that lost its key goes on with a new leaf of the same authority, and whether a key may sign is judged at its number: the
// leaf must be valid at the entry's time, and times never go back. A higher incarnation begins with a key entry that carries its
// certificate.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { type ChainId, type Entry, isSignedBy, keyIdOf, NO_HASH, type SignedEntry } from './entry.ts';
import { checkIncarnation, keptOf } from './incarnation.ts';
import { MAX_CHAIN_BYTES, MAX_CHAIN_LENGTH } from './index.ts';
import { decodeKey, KEY } from './kinds.ts';
import type { CheckChain, VerifyLeaf } from './leaf-key.ts';

/** The end of a chain, and the key that may sign what follows. */
export interface Head {
  readonly id: ChainId;
  readonly incarnation: number;
  /** 0 before the first entry. */
  readonly n: number;
  readonly hash: Uint8Array;
  readonly time: number;
  readonly key: HeadKey | undefined;
  /** Bytes of all entries up to here. */
  readonly size: number;
}

export interface HeadKey {
  readonly keyId: Uint8Array;
  /** The certificate chain as the key entry carries it. */
  readonly chain: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly verify: VerifyLeaf;
  /** The incarnation that its entry begins, when it carries a certificate. */
  readonly begins: number | undefined;
}

export function emptyHead(id: ChainId): Head {
  return { id, incarnation: 0, n: 0, hash: NO_HASH, time: 0, key: undefined, size: 0 };
}

function refuse(entry: Entry, why: string): never {
  throw new PeerError('ledger-invalid', `Entry ${entry.n} of the ${entry.chain} chain of ${entry.realm}: ${why}`);
}

function checkPlace(head: Head, entry: Entry): void {
  if (entry.realm !== head.id.realm || entry.chain !== head.id.chain) refuse(entry, 'it belongs to another chain');
  if (entry.n !== head.n + 1) refuse(entry, `expected number ${head.n + 1}`);
  if (!equals(entry.previous, head.hash)) refuse(entry, 'it does not follow the entry before it');
  if (entry.incarnation < Math.max(head.incarnation, 1)) refuse(entry, `incarnation ${entry.incarnation} is over`);
  if (entry.n > MAX_CHAIN_LENGTH || head.size > MAX_CHAIN_BYTES) refuse(entry, 'the chain is too long');
  if (entry.time < head.time) refuse(entry, 'its time lies before that of the entry before it');
}

/** @throws RefusedError `cert-*`, PeerError `ledger-invalid` */
export async function introducedKey(entry: Entry, check: CheckChain): Promise<HeadKey> {
  const { chain, incarnation } = decodeKey(entry.payload);
  const key = await check(chain, entry.time);
  if (key.realm !== entry.realm || key.role !== 'node') refuse(entry, `its key is that of ${key.role} ${key.realm}`);
  const { notBefore, notAfter } = key;
  const begins = incarnation && (await begunBy(entry, incarnation, check));
  return {
    keyId: keyIdOf(key.publicKey),
    chain,
    notBefore,
    notAfter,
    verify: key.verify,
    begins,
  };
}

async function begunBy(entry: Entry, certificate: Uint8Array, check: CheckChain): Promise<number> {
  const certified = await checkIncarnation(certificate, check);
  const { realm, incarnation } = certified;
  if (realm !== entry.realm || incarnation !== entry.incarnation) refuse(entry, 'it begins another incarnation');
  const kept = keptOf(certified, entry.chain);
  if (entry.n <= kept) refuse(entry, `its incarnation was certified to begin above ${kept}`);
  return incarnation;
}

/** Whether an entry with this key was signed by it in time. @throws PeerError `ledger-invalid` */
export function checkSigned(signed: SignedEntry, key: HeadKey): void {
  const { entry } = signed;
  if (!equals(key.keyId, entry.keyId)) refuse(entry, 'it names another key');
  if (entry.time < key.notBefore || entry.time > key.notAfter) refuse(entry, 'its key was not valid at its time');
  if (!isSignedBy(signed, key)) refuse(entry, 'its signature is wrong');
}

/** The head after this entry. @throws PeerError `ledger-invalid`, RefusedError `cert-*`, InputError `malformed` */
export async function follow(head: Head, signed: SignedEntry, check: CheckChain): Promise<Head> {
  const { entry } = signed;
  checkPlace(head, entry);
  const key = entry.kind === KEY ? await introducedKey(entry, check) : head.key;
  if (!key) return refuse(entry, 'no key was introduced before it');
  checkSigned(signed, key);
  const begins = entry.incarnation > Math.max(head.incarnation, 1);
  if (begins && (entry.kind !== KEY || key.begins !== entry.incarnation)) {
    refuse(entry, `incarnation ${entry.incarnation} was certified by nobody`);
  }
  return after(head, signed, key);
}

/** What an entry makes of the head, once it has been judged. */
export function after(head: Head, { entry, hash, bytes }: SignedEntry, key: HeadKey): Head {
  const { incarnation, n, time } = entry;
  return { id: head.id, incarnation, n, hash, time, key, size: head.size + bytes.length };
}
