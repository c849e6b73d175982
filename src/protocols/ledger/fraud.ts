// Proof of fraud: two entries for one number of a chain, in one incarnation, both signed by the realm. It stands by itself: each entry
// comes with the certificate chain of the leaf that signed it, so that whoever knows the overlay's root can judge it.
//
//   proof  [version 1, signed entry, certificate chain, other signed entry, its certificate chain]
//
// A higher incarnation, certified from above, may use a number again that was lost: that is no fraud (incarnation.ts). It is also the
// way back: a proof concerns its own incarnation and those below; and one with a key that was revoked as of before its entry
// proves nothing any more.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { type ChainId, decodeSigned, isSignedBy, keyIdOf, MAX_SIGNED_ENTRY, type SignedEntry } from './entry.ts';
import { MAX_CERTIFICATES } from './kinds.ts';
import type { CheckChain } from './leaf-key.ts';

export interface FraudProof extends ChainId {
  readonly n: number;
  readonly incarnation: number;
  readonly entries: readonly [SignedEntry, SignedEntry];
  readonly bytes: Uint8Array;
}

/** A signed entry and the certificate chain of the leaf that signed it. */
export type Exhibit = readonly [SignedEntry, Uint8Array];

const VERSION = 1;
export const MAX_PROOF = 2 * (MAX_SIGNED_ENTRY + MAX_CERTIFICATES) + 64;

/** What comes of this chain and its incarnation is taken no more. */
export class FraudError extends PeerError {
  readonly proof: FraudProof;

  constructor(proof: FraudProof) {
    const { realm, chain, n } = proof;
    super('ledger-fraud', `${realm} signed two entries for number ${n} of its ${chain} chain`);
    this.proof = proof;
  }
}

/** The entry with the lower hash comes first, so that everybody writes the same proof. @throws as decodeProof */
export function proveFraud(one: Exhibit, other: Exhibit, check: CheckChain): Promise<FraudProof> {
  const exhibits = Buffer.compare(one[0].hash, other[0].hash) <= 0 ? [one, other] : [other, one];
  const fields = exhibits.flatMap(([signed, chain]) => [signed.bytes, chain]);
  return decodeProof(encodeFields([VERSION, ...fields]), check);
}

/** What a proof says, without judging it. @throws PeerError `ledger-no-proof`, InputError `malformed` */
export function readProof(bytes: Uint8Array): FraudProof & { readonly chains: readonly [Uint8Array, Uint8Array] } {
  const [one, chain, other, otherChain] = decodeFields(bytes, 'proof of fraud', (reader) => {
    reader.version(VERSION);
    const exhibit = () => [reader.bytes(MAX_SIGNED_ENTRY), reader.bytes(MAX_CERTIFICATES)] as const;
    return [...exhibit(), ...exhibit()] as const;
  });
  const entries = [decodeSigned(one), decodeSigned(other)] as const;
  const [{ entry: a }, { entry: b }] = entries;
  const same = a.realm === b.realm && a.chain === b.chain && a.n === b.n && a.incarnation === b.incarnation;
  if (!same || equals(entries[0].hash, entries[1].hash)) throw noProof('its entries do not contradict each other');
  const { realm, n, incarnation } = a;
  return { realm, chain: a.chain, n, incarnation, entries, bytes, chains: [chain, otherChain] };
}

/** @throws PeerError `ledger-no-proof`, InputError `malformed`, RefusedError `cert-*` */
export async function decodeProof(bytes: Uint8Array, check: CheckChain): Promise<FraudProof> {
  const { chains, ...proof } = readProof(bytes);
  await checkExhibit([proof.entries[0], chains[0]], check);
  await checkExhibit([proof.entries[1], chains[1]], check);
  return proof;
}

async function checkExhibit([signed, chain]: Exhibit, check: CheckChain): Promise<void> {
  const { entry } = signed;
  const key = await check(chain, entry.time);
  const fits = key.realm === entry.realm && key.role === 'node' && equals(keyIdOf(key.publicKey), entry.keyId);
  if (!fits || !isSignedBy(signed, key)) throw noProof('an entry was signed by somebody else');
}

function noProof(why: string): PeerError {
  return new PeerError('ledger-no-proof', `This proves no fraud: ${why}`);
}
