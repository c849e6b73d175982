// Renewal: the holder of a certificate asks for the next one. CBOR list, at most 20 KiB:
//
//   request  [1, time, [certificate, …], certificate request (DER), signature]
//            signature by the present certificate's key over label | time | SHA-256 of the chain | certificate request
//   reply    as for enrolment
//
// The new key may be the present one or another; both have signed. The issuer takes certificates that are over by no more than
// the grace time, for this and for nothing else, and an own clock within ten minutes.
import { createHash, verify } from 'node:crypto';
import { concat } from 'uint8arrays/concat';
import { fromString } from 'uint8arrays/from-string';
import { writeCbor } from '../realm/cbor.ts';
import { RefusedError } from '../realm/errors.ts';
import { parentOf, type RealmName } from '../realm/names.ts';
import {
  type Chain,
  encodeChain,
  expectChain,
  MAX_CHAIN,
  type Trust,
  type ValidatedAuthority,
  type ValidatedLeaf,
  validateAuthority,
  validateLeaf,
} from './chain.ts';
import { type CertificateRequest, readCsr } from './csr.ts';
import { MAX_CLOCK_SKEW } from './enrolment.ts';
import { FieldReader } from './fields.ts';
import { type KeyName, keyName, leafSpki, publicKeyOfSpki } from './keys.ts';
import { BACKDATE } from './profile.ts';

const VERSION = 1;
export const MAX_RENEW_REQUEST = MAX_CHAIN + 4096;
const MAX_CSR = 2048;
const MAX_SIGNATURE = 80;
const LABEL = 'canopy/renew/1';
const DAY = 24 * 60 * 60 * 1000;
const HOUR = 60 * 60 * 1000;
const SOONEST = 1000;
/** In each tenth of what is left one more. */
const TRIES = 10;
/** A request that is carried as a file may be so old. */
export const MAX_FILE_AGE = 7 * DAY;
/** After its end a certificate can still be renewed for so long. */
export const RENEWAL_GRACE = 30 * DAY;

export interface RenewRequest {
  /** Milliseconds since 1970, by the asking side's clock. */
  readonly time: number;
  readonly chain: Chain;
  readonly csr: Uint8Array;
  readonly signature: Uint8Array;
}

const reader = new FieldReader('renew-malformed', 'the renewal request');

function signedPart({ time, chain, csr }: Omit<RenewRequest, 'signature'>): Uint8Array {
  const digest = createHash('sha256').update(encodeChain(chain)).digest();
  return concat([fromString(`${LABEL}|${time}|`, 'utf8'), digest, csr]);
}

/** `sign` is that of the present certificate's key: Ed25519, or ECDSA as DER for an authority. */
export async function createRenewRequest(
  parts: Omit<RenewRequest, 'signature'>,
  sign: (data: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  const signature = await sign(signedPart(parts));
  return writeCbor([VERSION, parts.time, [...parts.chain], parts.csr, signature]);
}

/** @throws PeerError `renew-malformed` */
export function decodeRenewRequest(bytes: Uint8Array): RenewRequest {
  const [time, chain, csr, signature, ...rest] = reader.list(bytes, MAX_RENEW_REQUEST, VERSION);
  if (rest.length > 0) throw reader.wrong('it has unknown fields');
  return {
    time: reader.time(time),
    chain: reader.parse('the chain', () => expectChain(chain)),
    csr: reader.bytes(csr, MAX_CSR),
    signature: reader.bytes(signature, MAX_SIGNATURE),
  };
}

export type Validity = Pick<ValidatedLeaf, 'notBefore' | 'notAfter'>;

/** When a third of the life is left, counted from the issue, milliseconds since 1970. */
export function renewsAt({ notBefore, notAfter }: Validity): number {
  return notAfter - Math.max(0, notAfter - notBefore - BACKDATE) / 3;
}

export function isDueForRenewal(validity: Validity, now: number): boolean {
  return now > renewsAt(validity);
}

/** Milliseconds until the next look at a certificate: at least once an hour, when it falls due, and more often as its end nears. */
export function nextLook(validity: Validity, now: number): number {
  const due = renewsAt(validity) - now;
  const wait = due > 0 ? due + SOONEST : (validity.notAfter - now) / TRIES;
  return Math.min(HOUR, Math.max(SOONEST, wait));
}

/** The certificate whose holder asks for the next one. */
export interface HeldCertificate {
  readonly serial: string;
  /** The key that issued it. */
  readonly issuer: KeyName;
  /** Its own. */
  readonly key: KeyName;
}

export interface CheckedRenewal extends CertificateRequest {
  readonly held: HeldCertificate;
}

/**
 * Checks everything about a renewal, which is no older than `maxAge` milliseconds, and gives what is to be certified: the same realm, tier and kind as before.
 * @throws PeerError `renew-malformed`; RefusedError `cert-…`, `csr-…`, `clock-skew`, `renew-not-yours`
 */
export async function checkRenewRequest(
  bytes: Uint8Array,
  trust: Trust,
  maxAge = MAX_CLOCK_SKEW,
): Promise<CheckedRenewal> {
  const request = decodeRenewRequest(bytes);
  const age = trust.now - request.time;
  if (age > maxAge || age < -MAX_CLOCK_SKEW) {
    throw new RefusedError('clock-skew', `the request is ${Math.round(age / 60_000)} minutes old by the clock here`);
  }
  const asked = readCsr(request.csr);
  const held = await validateHeld(request.chain, asked, { grace: RENEWAL_GRACE, graceAbove: RENEWAL_GRACE, ...trust });
  if (!signatureFits(held, request))
    throw new RefusedError('renew-not-yours', 'the request is not signed by the key of the certificate to be renewed');
  const { realm, tier, kind } = asked.subject;
  const same =
    held.realm === realm && held.tier === tier && ('role' in held ? held.role === kind : kind === 'authority');
  if (!same)
    throw new RefusedError('renew-not-yours', `a certificate of ${held.realm} cannot be renewed as ${kind} ${realm}`);
  return { ...asked, held: heldOf(held) };
}

/** What a renewal leaves behind. */
export function heldOf(held: ValidatedLeaf | ValidatedAuthority): HeldCertificate {
  const [issuer] = held.authorities;
  if (!issuer) throw reader.wrong('nobody has issued the certificate');
  const spki = 'role' in held ? leafSpki(held.publicKey) : held.spki;
  return { serial: held.serial, issuer: keyName(issuer.spki), key: keyName(spki) };
}

/** Whether these bytes are a renewal's rather than an enrolment's: both come through the same door. */
export function isRenewRequest(bytes: Uint8Array): boolean {
  try {
    return decodeRenewRequest(bytes).csr.length > 0;
  } catch {
    return false;
  }
}

/** Which realm's node answers it at the door: the one above. @throws PeerError `renew-malformed`, RefusedError `csr-…` */
export function issuerOfRenewal(bytes: Uint8Array): RealmName {
  const issuer = parentOf(readCsr(decodeRenewRequest(bytes).csr).subject.realm);
  if (!issuer) throw reader.wrong('a region has no realm above it');
  return issuer;
}

function validateHeld(
  chain: Chain,
  asked: CertificateRequest,
  trust: Trust,
): Promise<ValidatedLeaf | ValidatedAuthority> {
  return asked.subject.kind === 'authority' ? validateAuthority(chain, trust) : validateLeaf(chain, trust);
}

function signatureFits(held: ValidatedLeaf | ValidatedAuthority, request: RenewRequest): boolean {
  const leaf = 'role' in held;
  const key = publicKeyOfSpki(leaf ? leafSpki(held.publicKey) : held.spki);
  return verify(leaf ? null : 'sha256', signedPart(request), key, request.signature);
}
