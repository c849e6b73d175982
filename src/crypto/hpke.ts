// Sealing to somebody's public key: HPKE (RFC 9180) in base mode with X25519, HKDF-SHA-256 and AES-256-GCM. Whoever opens learns
// nothing of who sealed; where that matters, the sealed bytes carry a signature.
//
//   sealed = encapsulated key (32) | ciphertext and tag
//
// The label says what the bytes are for, as HPKE's `info`: what was sealed for one purpose opens for no other.
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { PeerError } from '../realm/errors.ts';

const ENCAPSULATED = 32;
const TAG = 16;
/** Bytes that sealing adds. */
export const HPKE_OVERHEAD: number = ENCAPSULATED + TAG;

/** A key of WebCrypto, by whichever name the platform's types know it. */
export type WebKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** An X25519 pair; the private half may be a key that gives nothing away. */
export interface HpkeKey {
  readonly publicKey: Uint8Array;
  readonly pair: { readonly privateKey: WebKey; readonly publicKey: WebKey };
}

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const utf8 = new TextEncoder();
const X25519 = { name: 'X25519' } as const;

/** @param extractable whether `exportHpkeKey` may write the private half */
export async function generateHpkeKey(extractable: boolean): Promise<HpkeKey> {
  const made = await crypto.subtle.generateKey(X25519, extractable, ['deriveBits']);
  if (!('privateKey' in made)) throw new PeerError('bad-key', 'X25519 gives pairs of keys');
  return { publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', made.publicKey)), pair: made };
}

/** PKCS #8 of the private half, for a file that only its owner reads. */
export async function exportHpkeKey(key: HpkeKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey('pkcs8', key.pair.privateKey));
}

/** The counterpart. @throws PeerError `bad-key` */
export async function importHpkeKey(publicKey: Uint8Array, pkcs8: Uint8Array): Promise<HpkeKey> {
  try {
    const privateKey = await crypto.subtle.importKey('pkcs8', plain(pkcs8), X25519, true, ['deriveBits']);
    return { publicKey, pair: { privateKey, publicKey: await importPublic(publicKey) } };
  } catch (cause) {
    throw new PeerError('bad-key', 'this is not an X25519 key', { cause });
  }
}

/** @throws PeerError `bad-key` when nothing can be sealed to that key */
export async function sealToKey(publicKey: Uint8Array, plaintext: Uint8Array, label: string): Promise<Uint8Array> {
  try {
    const recipientPublicKey = await importPublic(publicKey);
    const { ct, enc } = await suite.seal({ recipientPublicKey, info: utf8.encode(label) }, plain(plaintext));
    const sealed = new Uint8Array(enc.byteLength + ct.byteLength);
    sealed.set(new Uint8Array(enc));
    sealed.set(new Uint8Array(ct), enc.byteLength);
    return sealed;
  } catch (cause) {
    throw new PeerError('bad-key', 'nothing can be sealed to this key', { cause });
  }
}

/** @throws PeerError `not-sealed-to-this` for another key, another label, and for bytes that were altered */
export async function openWithKey(key: HpkeKey, sealed: Uint8Array, label: string): Promise<Uint8Array> {
  try {
    const enc = plain(sealed.subarray(0, ENCAPSULATED));
    const open = { recipientKey: key.pair, enc, info: utf8.encode(label) };
    return new Uint8Array(await suite.open(open, plain(sealed.subarray(ENCAPSULATED))));
  } catch (cause) {
    throw new PeerError('not-sealed-to-this', 'these bytes were not sealed to this key for this purpose', { cause });
  }
}

function importPublic(publicKey: Uint8Array): Promise<WebKey> {
  return crypto.subtle.importKey('raw', plain(publicKey), X25519, true, []);
}

/** A copy in a buffer of its own, as WebCrypto takes it. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
