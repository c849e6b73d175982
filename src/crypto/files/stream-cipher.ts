// The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
// Misuse-Resistance, 2015) over AES-256-GCM, as it is used for files:
//
//   nonce of chunk i = prefix (7 bytes, random) | i (4 bytes, big endian) | 1 for the last chunk, else 0
//
// The key is fresh for each file and never used for anything else. A chunk opens at its own place alone: one that was moved,
// repeated or taken from another file fails, and so does a file that was cut or extended, since the last chunk knows that it is
// the last. Chunks open in any order, which is what seeking in a video needs. Nothing is held beyond one chunk.
import { InputError, PeerError } from '../../realm/errors.ts';
import { PLAIN_CHUNK, SEALED_CHUNK, TAG } from './sizes.ts';

export const FILE_KEY = 32;
export const FILE_PREFIX = 7;
const COUNTER_AT = FILE_PREFIX;
const LAST_AT = 11;
const NONCE = 12;
const MAX_COUNTER = 2 ** 32 - 1;

/** What opens a file. Whoever holds it reads the file. */
export interface FileSecret {
  readonly key: Uint8Array;
  readonly prefix: Uint8Array;
}

type Bytes = Uint8Array<ArrayBuffer>;
type GcmKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** @param random gives so many bytes that nobody can guess */
export function makeFileSecret(random: (length: number) => Uint8Array): FileSecret {
  return { key: random(FILE_KEY), prefix: random(FILE_PREFIX) };
}

export class FileCipher {
  readonly #key: GcmKey;
  readonly #prefix: Uint8Array;

  private constructor(key: GcmKey, prefix: Uint8Array) {
    this.#key = key;
    this.#prefix = prefix;
  }

  /** @throws InputError `bad-file-key` */
  static async of({ key, prefix }: FileSecret): Promise<FileCipher> {
    if (key.length !== FILE_KEY || prefix.length !== FILE_PREFIX) {
      throw new InputError('bad-file-key', `a file's key has ${FILE_KEY} bytes and its prefix ${FILE_PREFIX}`);
    }
    const made = await crypto.subtle.importKey('raw', ownBytes(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
    return new FileCipher(made, prefix.slice());
  }

  /** @throws InputError `bad-chunk`: its length or its number cannot be */
  async seal(index: number, plain: Uint8Array, isLast: boolean): Promise<Bytes> {
    const fits = isLast ? plain.length <= PLAIN_CHUNK : plain.length === PLAIN_CHUNK;
    if (!fits) throw new InputError('bad-chunk', `a chunk of ${plain.length} bytes; expected ${PLAIN_CHUNK}`);
    const parameters = this.#parameters(index, isLast);
    return new Uint8Array(await crypto.subtle.encrypt(parameters, this.#key, ownBytes(plain)));
  }

  /** @throws PeerError `file-altered`: these are not the bytes that were sealed for this place */
  async open(index: number, sealed: Uint8Array, isLast: boolean): Promise<Bytes> {
    const parameters = this.#parameters(index, isLast);
    const fits = isLast ? sealed.length >= TAG && sealed.length <= SEALED_CHUNK : sealed.length === SEALED_CHUNK;
    if (!fits) throw altered(index);
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, this.#key, ownBytes(sealed)));
    } catch (cause) {
      throw altered(index, cause);
    }
  }

  #parameters(index: number, isLast: boolean) {
    if (!Number.isSafeInteger(index) || index < 0 || index > MAX_COUNTER) {
      throw new InputError('bad-chunk', `chunk ${index}; a file has the chunks 0 to ${MAX_COUNTER}`);
    }
    const iv = new Uint8Array(NONCE);
    iv.set(this.#prefix);
    new DataView(iv.buffer).setUint32(COUNTER_AT, index);
    iv[LAST_AT] = isLast ? 1 : 0;
    return { name: 'AES-GCM', iv } as const;
  }
}

function altered(index: number, cause?: unknown): PeerError {
  return new PeerError('file-altered', `chunk ${index} is not what was sealed there`, { cause });
}

/** WebCrypto takes no shared memory; what is in memory of our own is not copied. */
export function ownBytes(bytes: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes);
}
