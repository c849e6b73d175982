// A new incarnation of a realm's sequences, certified by the realm above it: what comes after a restored backup uses no number of the
// incarnation before. A realm with nobody above it certifies its own.
//
//   certificate  [version 1, realm, incarnation, time, [[chain, n], ...], certificate chain of the certifier's node,
//                 Ed25519 signature over "canopy/incarnation/1" 00 and the five fields before the chain as an array]
//
// [chain, n] is how much of that chain the certifier has seen and the realm must keep: the incarnation begins above it, so that a
// new incarnation takes back nothing that the realm above knows of.
import { PeerError } from '../../realm/errors.ts';
import { parentOf, parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../store/positional.ts';
import { CHAINS, type ChainKind, MAX_NAME, SIGNATURE } from './entry.ts';
import { MAX_CERTIFICATES } from './kinds.ts';
import type { CheckChain, LedgerSigner } from './leaf-key.ts';

export interface CertifiedIncarnation {
  readonly realm: RealmName;
  readonly incarnation: number;
  /** Milliseconds since 1970 by the certifier's clock. */
  readonly time: number;
  readonly kept: readonly KeptEnd[];
}

/** The last number of a chain that stays as it is. */
export interface KeptEnd {
  readonly chain: ChainKind;
  readonly n: number;
}

const VERSION = 1;
export const MAX_INCARNATION_CERTIFICATE = MAX_CERTIFICATES + 1024;
const LABEL = new TextEncoder().encode('canopy/incarnation/1\0');

const keptFields = (kept: readonly KeptEnd[]) => kept.map(({ chain, n }) => [chain, n]);

function signedPart({ realm, incarnation, time, kept }: CertifiedIncarnation): Uint8Array {
  return Buffer.concat([LABEL, encodeFields([VERSION, realm, incarnation, time, keptFields(kept)])]);
}

export async function certifyIncarnation(wanted: CertifiedIncarnation, signer: LedgerSigner): Promise<Uint8Array> {
  const { realm, incarnation, time, kept } = wanted;
  const signature = await signer.sign(signedPart(wanted));
  return encodeFields([VERSION, realm, incarnation, time, keptFields(kept), signer.chain, signature]);
}

/** @throws PeerError `incarnation-invalid`, RefusedError `cert-*`, InputError `malformed` */
export async function checkIncarnation(bytes: Uint8Array, check: CheckChain): Promise<CertifiedIncarnation> {
  const { chain, signature, ...certified } = decodeFields(bytes, 'certificate of an incarnation', (reader) => {
    reader.version(VERSION);
    return {
      realm: parseRealmName(reader.text(MAX_NAME)),
      incarnation: reader.number(),
      time: reader.number(),
      kept: reader.list(CHAINS.length, readKept),
      chain: reader.bytes(MAX_CERTIFICATES),
      signature: reader.bytes(SIGNATURE, SIGNATURE),
    };
  });
  const key = await check(chain, certified.time);
  const { realm } = certified;
  if (key.realm !== (parentOf(realm) ?? realm) || key.role !== 'node')
    refuse(realm, `${key.role} ${key.realm} may not`);
  if (!key.verify(signedPart(certified), signature)) refuse(realm, 'the signature is wrong');
  return certified;
}

function readKept(item: FieldReader): KeptEnd {
  const fields = item.nested();
  const kept = { chain: fields.oneOf(CHAINS), n: fields.number() };
  fields.end();
  return kept;
}

/** The number up to which a chain stays as it is. */
export function keptOf({ kept }: CertifiedIncarnation, chain: ChainKind): number {
  return Math.max(0, ...kept.filter((end) => end.chain === chain).map(({ n }) => n));
}

function refuse(realm: RealmName, why: string): never {
  throw new PeerError('incarnation-invalid', `This certifies no incarnation of ${realm}: ${why}`);
}
