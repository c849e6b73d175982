// Chains: leaf (or authority) first, root last. validateLeaf runs at each handshake, on bytes from strangers: it throws
// nothing but RefusedError with a code `cert-…`, whatever the bytes are.
//
// What is checked: the root's fingerprint; for each certificate strict DER, critical extensions, its one canonical name,
// the tier it states, dates, revocation; for each authority the CA bit, key usage, path length, name constraints and a P-256
// key; for each link names, key identifiers, signature, order of tiers, and that the issuer's realm is the same name or the
// name minus its first label; for the leaf no CA bit, its key usage and an Ed25519 key.
import { createHash } from 'node:crypto';
import { concat } from 'uint8arrays/concat';
import { readCbor, writeCbor } from '../realm/cbor.ts';
import { RefusedError } from '../realm/errors.ts';
import type { RealmName, Role, Tier } from '../realm/names.ts';
import { type CheckedAuthority, checkAuthorities, checkLeaf } from './authority-path.ts';
import type { Certificate } from './certificate.ts';
import { malformed } from './der.ts';
import { type KeyName, keyName } from './keys.ts';
import { readPem, writePem } from './pem.ts';
import { commonNameOf, type Subject } from './profile.ts';

/** DER each, leaf (or authority) first, root last. */
export type Chain = readonly Uint8Array[];

/** Bytes of a chain on the wire. */
export const MAX_CHAIN = 16 * 1024;
/** Leaf, branch, enterprise, region, root. */
const MAX_CERTIFICATES = 5;
/** Authorities whose links have been checked; a realm meets a few hundred at most. */
const MAX_REMEMBERED = 512;

export interface Trust {
  /** SHA-256 of the root certificate's DER, lower-case hex. */
  readonly rootFingerprint: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  isRevoked?(serial: string, issuer: KeyName): boolean;
  /** Milliseconds after its end that the first certificate is still taken: for renewal only. */
  readonly grace?: number;
  /** The same for those above it, which end with it: for renewal, and for reading one's own chain. */
  readonly graceAbove?: number;
  /** Spares the signatures of authorities seen before. */
  readonly memory?: PathMemory;
}

export interface ValidatedAuthority {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  /** Those above it, its issuer first, root last. */
  readonly authorities: readonly AuthoritySummary[];
}

export type AuthoritySummary = Omit<ValidatedAuthority, 'authorities'>;

export interface ValidatedLeaf {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly role: Role;
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Issuer first, root last. */
  readonly authorities: readonly AuthoritySummary[];
}

/** Remembers paths of authorities by digest. Only what is true for ever is remembered, no date and no revocation. */
export class PathMemory {
  readonly #paths = new Map<string, readonly CheckedAuthority[]>();

  check(ders: Chain): readonly CheckedAuthority[] {
    const key = digest(concat(ders.flatMap((der) => [lengthPrefix(der), der])));
    const known = this.#paths.get(key);
    if (known) return known;
    const path = checkAuthorities(ders);
    const [oldest] = this.#paths.keys();
    if (this.#paths.size >= MAX_REMEMBERED && oldest !== undefined) this.#paths.delete(oldest);
    this.#paths.set(key, path);
    return path;
  }
}

function lengthPrefix(der: Uint8Array): Uint8Array {
  return Uint8Array.of(der.length >> 8, der.length & 0xff);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 of a certificate's DER in lower-case hex; of a chain's root it is the fingerprint that tokens pin. */
export function fingerprintOf(der: Uint8Array): string {
  return digest(der);
}

/** @throws RefusedError `cert-…` */
export async function validateLeaf(chain: Chain, trust: Trust): Promise<ValidatedLeaf> {
  return refusing(() => {
    const [first, ...above] = trusted(chain, trust);
    const path = checkPath(above, trust);
    const [issuer] = path;
    if (!first || !issuer) throw malformed('a chain has a leaf and its authorities');
    const leaf = checkLeaf(first, issuer);
    judge([leaf, ...path], trust);
    const { realm, tier, kind, publicKey } = leaf;
    return { realm, tier, role: kind, publicKey, ...validity(leaf.certificate), authorities: path.map(summary) };
  });
}

/** The first certificate must be an authority's, not the root's. @throws RefusedError `cert-…` */
export async function validateAuthority(chain: Chain, trust: Trust): Promise<ValidatedAuthority> {
  return refusing(() => {
    const path = checkPath(trusted(chain, trust), trust);
    const [authority, ...above] = path;
    if (!authority || above.length === 0)
      throw new RefusedError('cert-tier', 'a root alone is no chain of an authority');
    judge(path, trust);
    return { ...summary(authority), authorities: above.map(summary) };
  });
}

/** Nothing but a refusal leaves, so that no input can be told from a fault of ours by how we fail. */
function refusing<T>(check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw cause instanceof RefusedError ? cause : malformed('it cannot be read', cause);
  }
}

function checkPath(ders: Chain, trust: Trust): readonly CheckedAuthority[] {
  return trust.memory ? trust.memory.check(ders) : checkAuthorities(ders);
}

function trusted(chain: Chain, { rootFingerprint }: Trust): Chain {
  const root = chain.at(-1);
  if (!root || chain.length > MAX_CERTIFICATES) {
    throw new RefusedError(
      'cert-path-length',
      `a chain has 1 to ${MAX_CERTIFICATES} certificates, not ${chain.length}`,
    );
  }
  if (digest(root) !== rootFingerprint) {
    throw new RefusedError('cert-unknown-root', `the chain ends in an unknown root, SHA-256 ${digest(root)}`, {
      hint: `This realm trusts only the root ${rootFingerprint}.`,
    });
  }
  return chain;
}

type Judged = Subject & { readonly certificate: Certificate };

/** Dates and revocations, from the root down, so that the refusal names the highest certificate at fault. */
function judge(path: readonly Judged[], trust: Trust): void {
  for (const [index, entry] of [...path.entries()].toReversed()) {
    checkDates(entry, trust.now, (index === 0 ? trust.grace : trust.graceAbove) ?? 0);
    const issuer = path[index + 1];
    if (issuer && trust.isRevoked?.(entry.certificate.serial, keyName(issuer.certificate.spki))) {
      throw new RefusedError('cert-revoked', `the certificate of ${commonNameOf(entry)} was revoked`);
    }
  }
}

function checkDates(entry: Judged, now: number, grace: number): void {
  const { notBefore, notAfter } = entry.certificate;
  if (now < notBefore) {
    throw new RefusedError(
      'cert-not-yet-valid',
      `the certificate of ${commonNameOf(entry)} is valid from ${iso(notBefore)}`,
      {
        hint: `The time here is ${iso(now)}; compare the clocks of both sides.`,
      },
    );
  }
  if (now > notAfter + grace) {
    throw new RefusedError(
      'cert-expired',
      `the certificate of ${commonNameOf(entry)} was valid until ${iso(notAfter)}`,
      {
        hint: `The time here is ${iso(now)}; compare the clocks of both sides, or renew the certificate.`,
      },
    );
  }
}

const iso = (time: number): string => new Date(time).toISOString();

function validity({
  serial,
  notBefore,
  notAfter,
}: Certificate): Pick<Certificate, 'serial' | 'notBefore' | 'notAfter'> {
  return { serial, notBefore, notAfter };
}

function summary({ realm, tier, certificate }: CheckedAuthority): AuthoritySummary {
  return { realm, tier, ...validity(certificate), spki: certificate.spki };
}

/** @throws RefusedError `cert-malformed` when it would be too long */
export function encodeChain(chain: Chain): Uint8Array {
  const bytes = writeCbor([...chain]);
  if (bytes.length > MAX_CHAIN) throw malformed(`the chain has ${bytes.length} bytes; at most ${MAX_CHAIN} are taken`);
  return bytes;
}

/** @throws RefusedError `cert-malformed` */
export function decodeChain(bytes: Uint8Array): Chain {
  return refusing(() => {
    if (bytes.length > MAX_CHAIN)
      throw malformed(`the chain has ${bytes.length} bytes; at most ${MAX_CHAIN} are taken`);
    return expectChain(readCbor(bytes));
  });
}

/** A decoded value as a chain. @throws RefusedError `cert-malformed` */
export function expectChain(value: unknown): Chain {
  const isChain = Array.isArray(value) && value.every((item) => item instanceof Uint8Array);
  if (!isChain || value.length === 0 || value.length > MAX_CERTIFICATES) {
    throw malformed(`a chain is a list of 1 to ${MAX_CERTIFICATES} certificates`);
  }
  return value;
}

export const writeChainPem = (chain: Chain): string => writePem('CERTIFICATE', chain);

/** @throws RefusedError `cert-malformed`, InputError `bad-pem` */
export function readChainPem(text: string): Chain {
  return expectChain(readPem('CERTIFICATE', text));
}
