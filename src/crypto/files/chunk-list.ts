// The list of the hashes of a file's chunks, and what is named by it.
//
//   list   = SHA-256 of chunk 0 | SHA-256 of chunk 1 | …
//   digest = SHA-256(label | size of the whole (8 bytes, big endian) | list)
//
//   label "canopy/blob/1\n"      over the chunks of ciphertext: the id of the blob
//   label "canopy/content/1\n"   over the chunks of plaintext: what a reader compares at the end
//
// A list and no tree: a reader who has the list, checked against the id, checks every chunk by itself as it comes, and in any
// order, at 32 bytes for 256 KiB. A tree would save the list its way (0.012 % of the file) for a proof with every chunk (0.2 %).
// The price is that the list is held in memory, 8 MiB for the largest file. The size stands in the digest, so that nobody can
// claim another one for the same id.
import { InputError } from '../../realm/errors.ts';
import { MAX_CHUNKS } from './sizes.ts';
import { ownBytes } from './stream-cipher.ts';

export const CHUNK_HASH = 32;
const LABELS = { blob: 'canopy/blob/1\n', content: 'canopy/content/1\n' } as const;
const SIZE = 8;
const WORD = 2 ** 32;

export async function chunkHash(chunk: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', ownBytes(chunk)));
}

/** Of a whole list, which is `chunks` times 32 bytes. */
export async function listDigest(of: keyof typeof LABELS, size: number, list: Uint8Array): Promise<Uint8Array> {
  const label = new TextEncoder().encode(LABELS[of]);
  const bytes = new Uint8Array(label.length + SIZE + list.length);
  bytes.set(label);
  const view = new DataView(bytes.buffer);
  view.setUint32(label.length, Math.floor(size / WORD));
  view.setUint32(label.length + 4, size % WORD);
  bytes.set(list, label.length + SIZE);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** Grows by a hash at a time. */
export class ChunkList {
  #bytes: Uint8Array;
  #count = 0;

  constructor(bytes: Uint8Array = new Uint8Array()) {
    if (bytes.length % CHUNK_HASH !== 0) throw new InputError('bad-list', `a list of ${bytes.length} bytes`);
    this.#bytes = bytes.slice();
    this.#count = bytes.length / CHUNK_HASH;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#count * CHUNK_HASH);
  }

  /** @throws InputError `file-too-long` */
  push(hash: Uint8Array): void {
    if (this.#count >= MAX_CHUNKS) throw new InputError('file-too-long', `A file has at most ${MAX_CHUNKS} chunks`);
    const at = this.#count * CHUNK_HASH;
    if (at + CHUNK_HASH > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(64 * CHUNK_HASH, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(hash, at);
    this.#count += 1;
  }

  /** Undefined where there is none. */
  at(index: number): Uint8Array | undefined {
    return index < this.#count ? this.#bytes.subarray(index * CHUNK_HASH, (index + 1) * CHUNK_HASH) : undefined;
  }

  /** Forgets all after the first `count`. */
  cut(count: number): void {
    this.#count = Math.min(this.#count, count);
  }

  digest(of: keyof typeof LABELS, size: number): Promise<Uint8Array> {
    return listDigest(of, size, this.bytes);
  }
}
