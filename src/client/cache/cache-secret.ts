// The keys of one device's cache, all derived from one secret that never leaves WebCrypto:
//
//   AES-256-GCM for values, a random 12-byte nonce before each; the row's name is authenticated, so that rows can't be swapped
//   HMAC-SHA-256 for names, so that a copy of the disk does not tell whom its owner writes to
import { toString } from 'uint8arrays/to-string';
import { LocalError } from '../../realm/errors.ts';
import type { RandomBytes } from '../../realm/random.ts';

const NONCE = 12;
const TAG = 16;
/** Characters of a hidden name: 128 bits. */
const NAME = 32;
const utf8 = new TextEncoder();

/** A CryptoKey that only derives; a browser keeps it as it is. */
export type CacheSecret = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** From 32 random bytes, which the caller forgets. */
export function makeCacheSecret(bytes: Uint8Array): Promise<CacheSecret> {
  return crypto.subtle.importKey('raw', new Uint8Array(bytes), 'HKDF', false, ['deriveKey']);
}

export class CacheKeys {
  readonly #values: CacheSecret;
  readonly #names: CacheSecret;
  readonly #random: RandomBytes;

  private constructor(values: CacheSecret, names: CacheSecret, random: RandomBytes) {
    this.#values = values;
    this.#names = names;
    this.#random = random;
  }

  static async of(secret: CacheSecret, random: RandomBytes): Promise<CacheKeys> {
    const { subtle } = crypto;
    const aes = { name: 'AES-GCM', length: 256 };
    const values = await subtle.deriveKey(hkdf('values'), secret, aes, false, ['encrypt', 'decrypt']);
    const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 };
    const names = await subtle.deriveKey(hkdf('names'), secret, hmac, false, ['sign']);
    return new CacheKeys(values, names, random);
  }

  async name(text: string): Promise<string> {
    const digest = await crypto.subtle.sign('HMAC', this.#names, utf8.encode(text));
    return toString(new Uint8Array(digest), 'hex').slice(0, NAME);
  }

  async seal(row: string, bytes: Uint8Array): Promise<Uint8Array> {
    const iv = this.#random(NONCE);
    const parameters = { name: 'AES-GCM', iv, additionalData: utf8.encode(row) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, this.#values, new Uint8Array(bytes)));
    const value = new Uint8Array(NONCE + sealed.length);
    value.set(iv);
    value.set(sealed, NONCE);
    return value;
  }

  /** @throws LocalError `cache-damaged`: of another secret, of another row, or altered */
  async open(row: string, value: Uint8Array): Promise<Uint8Array> {
    if (value.length < NONCE + TAG) throw damaged();
    const iv = new Uint8Array(value.subarray(0, NONCE));
    const parameters = { name: 'AES-GCM', iv, additionalData: utf8.encode(row) };
    try {
      const opened = await crypto.subtle.decrypt(parameters, this.#values, new Uint8Array(value.subarray(NONCE)));
      return new Uint8Array(opened);
    } catch (cause) {
      throw damaged(cause);
    }
  }
}

export function damaged(cause?: unknown): LocalError {
  return new LocalError('cache-damaged', 'What this device had stored of messages can no longer be read', { cause });
}

function hkdf(info: string) {
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8.encode(`canopy/cache/v1/${info}`) };
}
