// A countersigned head: another realm's node says that it has followed a chain up to a number and which hash that entry has. Whoever
// holds it knows that nobody can show an older end of that chain, or another entry for that number, and be right.
//
//   head       [version 1, witness, realm, chain, incarnation, n, hash, time, key id of the witness]
//   statement  [head bytes, Ed25519 signature over "canopy/ledger-head/1" 00 and the head bytes]
//
// The witness signs with its node's leaf, which its own chains introduce under that key id (key entries).
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { CHAINS, type ChainId, HASH, KEY_ID, keyIdOf, MAX_NAME, SIGNATURE } from './entry.ts';
import type { LedgerKey, LedgerSigner } from './leaf-key.ts';

export interface WitnessedHead extends ChainId {
  readonly witness: RealmName;
  readonly incarnation: number;
  readonly n: number;
  readonly hash: Uint8Array;
  /** Milliseconds since 1970 by the witness's clock. */
  readonly time: number;
  readonly keyId: Uint8Array;
}

export interface HeadStatement {
  readonly head: WitnessedHead;
  readonly headBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly bytes: Uint8Array;
}

const VERSION = 1;
export const MAX_STATEMENT = 1024;
const LABEL = new TextEncoder().encode('canopy/ledger-head/1\0');

function labelled(headBytes: Uint8Array): Uint8Array {
  return Buffer.concat([LABEL, headBytes]);
}

export async function signHead(head: Omit<WitnessedHead, 'keyId'>, signer: LedgerSigner): Promise<HeadStatement> {
  const whole = { ...head, keyId: keyIdOf(signer.publicKey) };
  const { witness, realm, chain, incarnation, n, hash, time, keyId } = whole;
  const headBytes = encodeFields([VERSION, witness, realm, chain, incarnation, n, hash, time, keyId]);
  const signature = await signer.sign(labelled(headBytes));
  return { head: whole, headBytes, signature, bytes: encodeFields([headBytes, signature]) };
}

export function isStatementSignedBy({ headBytes, signature }: HeadStatement, key: Pick<LedgerKey, 'verify'>): boolean {
  return key.verify(labelled(headBytes), signature);
}

/** @throws InputError `malformed`, `unknown-version`, `bad-realm-name` */
export function decodeStatement(bytes: Uint8Array): HeadStatement {
  const { headBytes, signature } = decodeFields(bytes, 'countersigned head', (reader) => ({
    headBytes: reader.bytes(MAX_STATEMENT),
    signature: reader.bytes(SIGNATURE, SIGNATURE),
  }));
  return { head: decodeHead(headBytes), headBytes, signature, bytes };
}

function decodeHead(bytes: Uint8Array): WitnessedHead {
  return decodeFields(bytes, 'head', (reader) => {
    reader.version(VERSION);
    return {
      witness: parseRealmName(reader.text(MAX_NAME)),
      realm: parseRealmName(reader.text(MAX_NAME)),
      chain: reader.oneOf(CHAINS),
      incarnation: reader.number(),
      n: reader.number(),
      hash: reader.bytes(HASH, HASH),
      time: reader.number(),
      keyId: reader.bytes(KEY_ID, KEY_ID),
    };
  });
}
