// Cuts what arrives on a bulk stream into records. Data is passed on as it comes, whether or not its record is whole, so
// nothing is kept here but the head of a record.
import { PeerError } from '../../realm/errors.ts';
import { type BulkRecord, DATA, DATA_HEADER, decodeRecord, headLength, MAX_PIECE } from './index.ts';

export interface RecordSink {
  data(bytes: Uint8Array): void;
  record(record: BulkRecord): void;
}

const LONGEST_HEAD = 13;

export class RecordReader {
  readonly #sink: RecordSink;
  readonly #head = new Uint8Array(LONGEST_HEAD);
  #known = 0;
  /** Bytes of the present data record that are still to come. */
  #rest = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** @throws PeerError `bad-frame`, `frame-too-long`; what the sink throws */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#rest > 0) {
        const piece = bytes.subarray(at, at + this.#rest);
        this.#rest -= piece.length;
        at += piece.length;
        this.#sink.data(piece);
        continue;
      }
      if (this.#known === 0) this.#head[this.#known++] = bytes[at++] ?? 0;
      const length = headLength(this.#head[0] ?? 0);
      const part = bytes.subarray(at, at + length - this.#known);
      this.#head.set(part, this.#known);
      this.#known += part.length;
      at += part.length;
      if (this.#known === length) this.#begin();
    }
  }

  #begin(): void {
    const head = this.#head.subarray(0, this.#known);
    this.#known = 0;
    if (head[0] !== DATA) return this.#sink.record(decodeRecord(head.slice()));
    this.#rest = new DataView(head.buffer, head.byteOffset, DATA_HEADER).getUint32(1);
    if (this.#rest > 0 && this.#rest <= MAX_PIECE) return;
    throw new PeerError('frame-too-long', `a bulk record of ${this.#rest} bytes; expected 1 to ${MAX_PIECE}`);
  }
}
