// What happened in a run: a running hash of everything, by which two runs are compared, and on request the lines themselves.

/** Keeps the newest lines only; a run of a day has millions. */
const MAX_LINES = 20_000;

export type Fact = string | number;

export class EventLog {
  readonly #now: () => number;
  readonly #keep: boolean;
  #lines: string[] = [];
  #a = 0x9e3779b9;
  #b = 0x85ebca6b;
  count = 0;

  constructor(now: () => number, keep: boolean) {
    this.#now = now;
    this.#keep = keep;
  }

  note(kind: string, ...facts: readonly Fact[]): void {
    this.count++;
    const at = this.#now();
    this.#number(Math.floor(at * 1000));
    this.#text(kind);
    for (const fact of facts) {
      if (typeof fact === 'number') this.#number(fact);
      else this.#text(fact);
    }
    if (!this.#keep) return;
    this.#lines.push(`${(at / 1000).toFixed(3).padStart(10)} ${kind} ${facts.join(' ')}`);
    if (this.#lines.length > 2 * MAX_LINES) this.#lines = this.#lines.slice(-MAX_LINES);
  }

  get hash(): string {
    const half = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
    return half(this.#a) + half(this.#b);
  }

  /** Empty unless lines were asked for. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    this.#mix(0x1f);
  }

  #number(value: number): void {
    this.#mix(value | 0);
    this.#mix(Math.floor(value / 2 ** 32) | 0);
  }

  /** Two multiplicative hashes side by side (after cyrb53): for comparison, not against anybody. */
  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x9e3779b1);
    this.#b = Math.imul(this.#b ^ value, 0x5f356495);
    this.#a ^= this.#b >>> 13;
    this.#b ^= this.#a >>> 16;
  }
}

/** A short number for bytes, so that a log tells one frame from another. */
export function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
