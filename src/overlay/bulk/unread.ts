// Bytes of a stream that its reader has not taken yet, as frames behind a length of four bytes.
import { Uint8ArrayList } from 'uint8arraylist';

const PREFIX = 4;
/** Pieces smaller than this on average are joined: each costs more memory than it holds. */
const SMALL = 512;
const MANY = 64;

export class Unread {
  readonly #bytes = new Uint8ArrayList();
  #pieces = 0;

  get length(): number {
    return this.#bytes.byteLength;
  }

  append(piece: Uint8Array): void {
    this.#bytes.append(piece);
    this.#pieces += 1;
    if (this.#pieces > MANY && this.#bytes.byteLength / this.#pieces < SMALL) this.#join();
  }

  /** Of the frame at the front; undefined while its length is not whole. */
  frontLength(): number | undefined {
    return this.#bytes.byteLength < PREFIX ? undefined : this.#bytes.getUint32(0);
  }

  /** Bytes that the front frame takes, its length included; 0 while that is not known. */
  frontNeeds(): number {
    const length = this.frontLength();
    return length === undefined ? 0 : PREFIX + length;
  }

  /** The front frame, when it is whole. */
  takeFrame(): Uint8Array | undefined {
    const length = this.frontLength();
    if (length === undefined || this.#bytes.byteLength < PREFIX + length) return undefined;
    const frame = this.#bytes.slice(PREFIX, PREFIX + length);
    this.#bytes.consume(PREFIX + length);
    if (this.#bytes.byteLength === 0) this.#pieces = 0;
    return frame;
  }

  clear(): void {
    if (this.#bytes.byteLength > 0) this.#bytes.consume(this.#bytes.byteLength);
    this.#pieces = 0;
  }

  #join(): void {
    const whole = this.#bytes.slice();
    this.clear();
    this.#bytes.append(whole);
    this.#pieces = 1;
  }
}
