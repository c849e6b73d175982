// Issuing. @peculiar/x509 writes the certificates; the signature is made by a Signer, which may be another process, so the
// signed part is taken from a draft and signed here. Chains are returned leaf first, root last.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { InputError } from '../realm/errors.ts';
import type { RealmName, Role, Tier } from '../realm/names.ts';
import { checkAuthorities } from './authority-path.ts';
import { parseCertificate } from './certificate.ts';
import { ECDSA_SHA256 } from './certificate-form.ts';
import type { Chain } from './chain.ts';
import { readSequence, TAG, writeDer } from './der.ts';
import { ALL_ADDRESSES, EKU_CLIENT_AUTH, OID } from './extensions.ts';
import { leafSpki, type Signer } from './keys.ts';
import {
  BACKDATE,
  commonNameOf,
  isAuthorityKind,
  issuerObjection,
  LIFETIME,
  ORGANIZATION,
  pathLengthOf,
  permittedUris,
  type Subject,
  uriOf,
} from './profile.ts';

/** Everything that makes one certificate, before it is signed. */
export interface Draft {
  readonly subject: JsonName;
  readonly issuer: JsonName;
  readonly publicKey: Uint8Array;
  readonly issuerKey: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly Extension[];
  /** Hex; random when absent. */
  readonly serial?: string;
}

/** Times are stored in whole seconds. */
const SECOND = 1000;
const SERIAL_BYTES = 16;

/** Writes and signs one certificate. The key identifiers are added here. */
export async function signCertificate(draft: Draft, sign: Signer['sign']): Promise<Uint8Array> {
  const { subject, issuer, publicKey } = draft;
  const unsigned = await X509CertificateGenerator.create({
    subject,
    issuer,
    publicKey,
    serialNumber: draft.serial ?? randomSerial(),
    notBefore: new Date(Math.floor(draft.notBefore / SECOND) * SECOND),
    notAfter: new Date(Math.floor(draft.notAfter / SECOND) * SECOND),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    signature: new Uint8Array(64),
    extensions: [
      ...draft.extensions,
      await SubjectKeyIdentifierExtension.create(new PublicKey(publicKey)),
      await AuthorityKeyIdentifierExtension.create(new PublicKey(draft.issuerKey)),
    ],
  });
  const [tbs] = readSequence(new Uint8Array(unsigned.rawData), 'the draft');
  if (!tbs) throw new InputError('bad-draft', 'the library wrote an empty certificate');
  const signature = await sign(tbs.whole);
  return writeDer(TAG.sequence, tbs.whole, ECDSA_SHA256, writeDer(TAG.bitString, Uint8Array.of(0), signature));
}

/** Positive and without leading zeros, so that its hex text is the same everywhere. */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return toString(bytes, 'hex');
}

export function nameOf(subject: Subject): JsonName {
  return [{ O: [ORGANIZATION] }, { OU: [subject.tier] }, { CN: [commonNameOf(subject)] }];
}

export function authorityExtensions(subject: Subject): Extension[] {
  return [
    new BasicConstraintsExtension(true, pathLengthOf(subject), true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new SubjectAlternativeNameExtension([{ type: 'url', value: uriOf(subject) }]),
    constraintsExtension(permittedUris(subject).map(uriName), [dnsName(''), ...ALL_ADDRESSES.map(ipName)]),
  ];
}

export function leafExtensions(subject: Subject): Extension[] {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([EKU_CLIENT_AUTH]),
    new SubjectAlternativeNameExtension([{ type: 'url', value: uriOf(subject) }]),
  ];
}

// General names. In constraints an address carries its mask, and a URI is only a host (RFC 5280 section 4.2.1.10).
export const uriName = (host: string): Uint8Array => writeDer(0x86, fromString(host, 'ascii'));
export const dnsName = (name: string): Uint8Array => writeDer(0x82, fromString(name, 'ascii'));
export const ipName = (address: Uint8Array): Uint8Array => writeDer(0x87, address);

/** Always critical. The library has no writer for this extension. */
export function constraintsExtension(permitted: readonly Uint8Array[], excluded: readonly Uint8Array[]): Extension {
  const subtrees = (tag: number, names: readonly Uint8Array[]): Uint8Array[] =>
    names.length === 0 ? [] : [writeDer(tag, ...names.map((name) => writeDer(TAG.sequence, name)))];
  const value = writeDer(TAG.sequence, ...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded));
  return new Extension(OID.nameConstraints, true, new Uint8Array(value));
}

/** The offline root of a region. */
export async function createRoot(options: { realm: RealmName; now: number; signer: Signer }): Promise<Uint8Array> {
  const subject: Subject = { kind: 'root', realm: options.realm, tier: 'region' };
  const { publicKey, sign } = options.signer;
  const name = nameOf(subject);
  const draft = {
    subject: name,
    issuer: name,
    publicKey,
    issuerKey: publicKey,
    extensions: authorityExtensions(subject),
  };
  return signCertificate({ ...draft, notBefore: options.now - BACKDATE, notAfter: options.now + LIFETIME.root }, sign);
}

export interface IssueOptions {
  readonly signer: Signer;
  /** The issuer's own chain, or the root alone. */
  readonly chain: Chain;
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly now: number;
  /** Milliseconds; the default is that of the kind of certificate. */
  readonly lifetime?: number;
}

/** @throws InputError `may-not-issue` when the rules of names and tiers forbid it */
export async function issueAuthority(
  options: IssueOptions & { /** SPKI, P-256. */ publicKey: Uint8Array },
): Promise<Chain> {
  const subject: Subject = { kind: 'authority', realm: options.realm, tier: options.tier };
  return issue(subject, options.publicKey, options);
}

/** @throws InputError `may-not-issue` when the rules of names and tiers forbid it */
export async function issueLeaf(
  options: IssueOptions & { role: Role /** Raw Ed25519. */; publicKey: Uint8Array },
): Promise<Chain> {
  const subject: Subject = { kind: options.role, realm: options.realm, tier: options.tier };
  return issue(subject, leafSpki(options.publicKey), options);
}

async function issue(subject: Subject, publicKey: Uint8Array, options: IssueOptions): Promise<Chain> {
  const [issuer] = checkAuthorities(options.chain);
  if (!issuer) throw new InputError('may-not-issue', 'the chain of the issuer is empty');
  const objection = issuerObjection(issuer, subject);
  if (objection) {
    throw new InputError(
      'may-not-issue',
      `the ${issuer.tier} ${issuer.realm} may not certify the ${subject.tier} ${commonNameOf(subject)}`,
    );
  }
  const authority = isAuthorityKind(subject.kind);
  const lifetime = options.lifetime ?? (authority ? LIFETIME.authority : LIFETIME.leaf);
  const certificate = await signCertificate(
    {
      subject: nameOf(subject),
      issuer: nameOf(issuer),
      publicKey,
      issuerKey: options.signer.publicKey,
      notBefore: Math.max(options.now - BACKDATE, issuer.certificate.notBefore),
      notAfter: Math.min(options.now + lifetime, ...options.chain.map((der) => parseCertificate(der).notAfter)),
      extensions: authority ? authorityExtensions(subject) : leafExtensions(subject),
    },
    options.signer.sign,
  );
  return [certificate, ...options.chain];
}
