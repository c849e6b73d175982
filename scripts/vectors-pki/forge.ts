// Makes certificates that the product would never make: any field of a rightful one replaced, signed by the rightful key.
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Extension, JsonName } from '@peculiar/x509';
import { concat } from 'uint8arrays/concat';
import { ECDSA_SHA256 } from '../../src/pki/certificate-form.ts';
import { readAll, readSequence, TAG, writeDer } from '../../src/pki/der.ts';
import { authorityExtensions, type Draft, leafExtensions, nameOf, signCertificate } from '../../src/pki/issue.ts';
import { type AuthorityKey, generateAuthorityKey, generateLeafKey, leafSpki, localSigner } from '../../src/pki/keys.ts';
import { isAuthorityKind, type Subject } from '../../src/pki/profile.ts';
import { parseRealmName, type Tier } from '../../src/realm/names.ts';

/** When the vectors are judged. */
export const TIME = Date.UTC(2027, 0, 15, 12);
const DAY = 24 * 60 * 60 * 1000;

export function who(kind: Subject['kind'], realm: string, tier: Tier): Subject {
  return { kind, realm: parseRealmName(realm), tier };
}

/** The rightful certificates' names, and the key of each. */
export const NAMES = {
  root: who('root', 'ua', 'region'),
  region: who('authority', 'ua', 'region'),
  enterprise: who('authority', 'acme.ua', 'enterprise'),
  branch: who('authority', 'kyiv.acme.ua', 'branch'),
  node: who('node', 'kyiv.acme.ua', 'branch'),
} as const;
export type Place = keyof typeof NAMES;
type Issuing = Exclude<Place, 'node'>;

export interface World {
  readonly keys: Readonly<Record<Issuing | 'stranger', AuthorityKey>>;
  readonly leafSpki: Uint8Array;
  /** SPKI of a P-384 key. */
  readonly p384: Uint8Array;
}

export async function createWorld(): Promise<World> {
  const key = generateAuthorityKey;
  const keys = {
    root: await key(),
    region: await key(),
    enterprise: await key(),
    branch: await key(),
    stranger: await key(),
  };
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'der', type: 'spki' });
  return { keys, leafSpki: leafSpki((await generateLeafKey()).publicKey), p384: new Uint8Array(p384) };
}

const ISSUER: Readonly<Record<Place, Issuing>> = {
  root: 'root',
  region: 'root',
  enterprise: 'region',
  branch: 'enterprise',
  node: 'branch',
};

/** What differs from the rightful certificate of a place. */
export interface Change {
  readonly subject?: Subject;
  readonly subjectName?: JsonName;
  readonly issuerName?: JsonName;
  readonly issuer?: Issuing;
  readonly publicKey?: Uint8Array;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly serial?: string;
  /** The key that the authority key identifier names, and the one that signs, when they are not the issuer's. */
  readonly namedKey?: Uint8Array;
  readonly signedBy?: AuthorityKey;
  readonly extensions?: (rightful: readonly Extension[]) => readonly Extension[];
}

export async function forge(world: World, place: Place, change: Change = {}): Promise<Uint8Array> {
  const subject = change.subject ?? NAMES[place];
  const issuer = change.issuer ?? ISSUER[place];
  const rightful = isAuthorityKind(subject.kind) ? authorityExtensions(subject) : leafExtensions(subject);
  const own = place === 'node' ? world.leafSpki : world.keys[place].spki;
  const draft: Draft = {
    subject: change.subjectName ?? nameOf(subject),
    issuer: change.issuerName ?? nameOf(NAMES[issuer]),
    publicKey: change.publicKey ?? own,
    issuerKey: change.namedKey ?? world.keys[issuer].spki,
    notBefore: change.notBefore ?? TIME - 10 * DAY,
    notAfter: change.notAfter ?? TIME + 20 * DAY,
    extensions: change.extensions ? change.extensions(rightful) : rightful,
    ...(change.serial === undefined ? {} : { serial: change.serial }),
  };
  return signCertificate(draft, localSigner(change.signedBy ?? world.keys[issuer]).sign);
}

/** Replaces one extension of the list, or with no replacement leaves it out. */
export function replace(
  oid: string,
  ...replacement: readonly Extension[]
): (rightful: readonly Extension[]) => readonly Extension[] {
  return (rightful) => [...rightful.filter((extension) => extension.type !== oid), ...replacement];
}

/** Changes the signed part field by field and signs it again, so that only the change itself is wrong. */
export function resign(
  der: Uint8Array,
  key: AuthorityKey,
  change: (fields: Uint8Array[]) => readonly Uint8Array[],
): Uint8Array {
  const [tbs, algorithm = { whole: ECDSA_SHA256 }] = readSequence(der, 'the certificate');
  const fields = readAll(tbs?.content ?? new Uint8Array()).map(({ whole }) => whole);
  const changed = writeDer(TAG.sequence, ...change(fields));
  return assemble(changed, algorithm.whole, signed(changed, key, 'sha256'));
}

export function signed(data: Uint8Array, key: AuthorityKey, hash: 'sha256' | 'sha384'): Uint8Array {
  const privateKey = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' });
  return new Uint8Array(sign(hash, data, { key: privateKey, dsaEncoding: 'der' }));
}

export function assemble(tbs: Uint8Array, algorithm: Uint8Array, signature: Uint8Array): Uint8Array {
  return writeDer(TAG.sequence, tbs, algorithm, writeDer(TAG.bitString, concat([Uint8Array.of(0), signature])));
}

/** One byte from the end turned over. */
export function flip(der: Uint8Array, fromEnd: number): Uint8Array {
  const copy = der.slice();
  const at = copy.length - fromEnd;
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}
