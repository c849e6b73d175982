// Copies of short byte strings, many to one buffer: a buffer of its own for each of a million costs more to make and to collect
// than everything that is done with it.

const SIZE = 64 * 1024;
/** What is longer has a buffer of its own. */
const MAX_SHARED = 4 * 1024;

export class Slab {
  #buffer = new ArrayBuffer(0);
  #used = 0;

  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > MAX_SHARED) return bytes.slice();
    if (this.#used + bytes.length > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(SIZE);
      this.#used = 0;
    }
    const copied = new Uint8Array(this.#buffer, this.#used, bytes.length);
    copied.set(bytes);
    this.#used += bytes.length;
    return copied;
  }
}
