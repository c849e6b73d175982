// Keys. Authorities sign with ECDSA P-256, because hardware modules know it; nodes and relays have Ed25519 keys, which are
// their libp2p identity, so that a peer id follows from a certificate. Keys travel as PKCS#8 (RFC 5958) and SPKI (RFC 5280).
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { concat } from 'uint8arrays/concat';
import { equals } from 'uint8arrays/equals';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { InputError, RefusedError } from '../realm/errors.ts';
import { isP256Spki } from './p256.ts';
import { readPem, writePem } from './pem.ts';

/** A P-256 key of an authority. */
export interface AuthorityKey {
  readonly pkcs8: Uint8Array;
  readonly spki: Uint8Array;
}

/** An Ed25519 key of a node or a relay. */
export interface LeafKey {
  /** 32 bytes; libp2p makes its private key of the same seed. */
  readonly seed: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Whatever can sign for an authority; the key itself may sit in another process or in a module. */
export interface Signer {
  /** The authority's public key, SPKI. */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256 over `data`, as DER (RFC 3279 section 2.2.3). */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

declare const keyNameBrand: unique symbol;
/**
 * An authority's key by name, base64 of its SPKI. Two authorities of one realm have the same name in their certificates while one
 * replaces the other; what each has issued and revoked is told apart by this.
 */
export type KeyName = string & { readonly [keyNameBrand]: true };

export const keyName = (spki: Uint8Array): KeyName => toString(spki, 'base64pad') as KeyName;

const KEY_BYTES = 32;
/** Everything of the SPKI or PKCS#8 before the key's own bytes: the only encodings that we take (RFC 8410). */
const ED25519_SPKI = fromString('302a300506032b6570032100', 'hex');
const ED25519_PKCS8 = fromString('302e020100300506032b657004220420', 'hex');

export async function generateAuthorityKey(): Promise<AuthorityKey> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
  return { pkcs8, spki: new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)) };
}

export async function generateLeafKey(): Promise<LeafKey> {
  return leafKeyOfSeed(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/** @throws InputError `bad-key` */
export function leafKeyOfSeed(seed: Uint8Array): LeafKey {
  if (seed.length !== KEY_BYTES)
    throw new InputError('bad-key', `an Ed25519 seed has ${KEY_BYTES} bytes, not ${seed.length}`);
  const known = leafKeys.get(seed);
  if (known) return known;
  const spki = createPublicKey(privateKeyOfSeed(seed)).export({ format: 'der', type: 'spki' });
  const key = { seed, publicKey: new Uint8Array(spki.subarray(ED25519_SPKI.length)) };
  leafKeys.set(seed, key);
  return key;
}

function privateKeyOfSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concat([ED25519_PKCS8, seed])), format: 'der', type: 'pkcs8' });
}

/** The SPKI of a raw Ed25519 public key. */
export function leafSpki(publicKey: Uint8Array): Uint8Array {
  return concat([ED25519_SPKI, publicKey]);
}

/** The 32 raw bytes, or undefined when this SPKI is no Ed25519 key. */
export function ed25519OfSpki(spki: Uint8Array): Uint8Array | undefined {
  const whole = spki.length === ED25519_SPKI.length + KEY_BYTES;
  return whole && startsWith(spki, ED25519_SPKI) ? spki.slice(ED25519_SPKI.length) : undefined;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return equals(bytes.subarray(0, prefix.length), prefix);
}

/** Signs in this process; the authority of a running node signs in a child process instead. */
export function localSigner(key: AuthorityKey): Signer {
  const privateKey = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' });
  return {
    publicKey: key.spki,
    sign: async (data) => new Uint8Array(sign('sha256', data, { key: privateKey, dsaEncoding: 'der' })),
  };
}

/** Ed25519 signature of 64 bytes (RFC 8032). */
export function signWithLeaf(key: LeafKey, data: Uint8Array): Uint8Array {
  let privateKey = signingKeys.get(key.seed);
  if (!privateKey) {
    privateKey = privateKeyOfSeed(key.seed);
    signingKeys.set(key.seed, privateKey);
  }
  return new Uint8Array(sign(null, data, privateKey));
}

export function verifyWithLeaf(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, data, verifyingKey(publicKey), signature);
}

/** Reading a key costs about as much as a signature. */
const leafKeys = new WeakMap<Uint8Array, LeafKey>();
const signingKeys = new WeakMap<Uint8Array, KeyObject>();
const verifyingKeys = new Map<string, KeyObject>();
/** Nodes that one deals with; above it the one that was read first is read again. */
const MAX_KEYS = 1024;

function verifyingKey(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
  const known = verifyingKeys.get(name);
  if (known) return known;
  const key = createPublicKey({ key: Buffer.from(leafSpki(publicKey)), format: 'der', type: 'spki' });
  const [oldest] = verifyingKeys.keys();
  if (verifyingKeys.size >= MAX_KEYS && oldest !== undefined) verifyingKeys.delete(oldest);
  verifyingKeys.set(name, key);
  return key;
}

/** A public key of SPKI bytes. @throws RefusedError `cert-malformed` when it is no point of its curve */
export function publicKeyOfSpki(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new RefusedError('cert-malformed', 'the public key cannot be read', { cause });
  }
}

export const writeAuthorityKeyPem = (key: AuthorityKey): string => writePem('PRIVATE KEY', [key.pkcs8]);

export const writeLeafKeyPem = (key: LeafKey): string => writePem('PRIVATE KEY', [concat([ED25519_PKCS8, key.seed])]);

/** @throws InputError `bad-key` */
export function readAuthorityKeyPem(pem: string): AuthorityKey {
  const [pkcs8] = readPem('PRIVATE KEY', pem);
  try {
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8 ?? []), format: 'der', type: 'pkcs8' });
    const spki = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
    if (pkcs8 && isP256Spki(spki)) return { pkcs8, spki };
  } catch (cause) {
    throw new InputError('bad-key', 'this is not a private key in PKCS#8', { cause });
  }
  throw new InputError('bad-key', 'an authority has an ECDSA P-256 key; this is another one');
}

/** @throws InputError `bad-key` */
export function readLeafKeyPem(pem: string): LeafKey {
  const [pkcs8] = readPem('PRIVATE KEY', pem);
  if (!pkcs8 || pkcs8.length !== ED25519_PKCS8.length + KEY_BYTES || !startsWith(pkcs8, ED25519_PKCS8)) {
    throw new InputError('bad-key', 'a node or relay has an Ed25519 key in PKCS#8; this is another one');
  }
  return leafKeyOfSeed(pkcs8.slice(ED25519_PKCS8.length));
}
