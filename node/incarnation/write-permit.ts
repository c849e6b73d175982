// Whether this node may number anything: entries of its chains, messages, what it takes in. A node that may have come from a backup, or
// that has a twin, reads and shows and writes nothing until it is sure.
import { ConflictError } from '../../src/realm/errors.ts';

/** Why nothing is written; undefined while writing is allowed. */
export type Withheld = 'checking' | 'restored' | 'behind' | 'forked' | 'cloned';

const WHY: Readonly<Record<Withheld, readonly [string, string]>> = {
  checking: ['This server is asking others whether it is up to date', 'It takes a few seconds.'],
  restored: [
    'This server was restored from a copy and nobody has told it yet what it wrote before',
    'Restore its connection to the realm above, or, if the copy is the newest there is, run: canopy incarnation confirm',
  ],
  behind: [
    'This server is behind what it wrote before; it is being filled up',
    'It goes on by itself once the realm above has answered; if that one is gone for good, run: canopy incarnation confirm',
  ],
  forked: [
    'This server has given out numbers twice: it and others hold different entries',
    'Run: canopy ledger verify; then canopy incarnation confirm, which asks the realm above for a new incarnation',
  ],
  cloned: [
    'Another server runs with the identity of this one',
    'Stop one of the two. See docs/operator-guide.md, "Two servers with one identity".',
  ],
};

export class WritePermit {
  #withheld: Withheld | undefined;
  readonly #listeners = new Set<() => void>();

  /** @param withheld undefined: allowed from the beginning */
  constructor(withheld?: Withheld) {
    this.#withheld = withheld;
  }

  get withheld(): Withheld | undefined {
    return this.#withheld;
  }

  /** What an operator is told; undefined while writing is allowed. */
  get warning(): string | undefined {
    if (this.#withheld === undefined || this.#withheld === 'checking') return undefined;
    return WHY[this.#withheld].join('. ');
  }

  /** @throws ConflictError `read-only` */
  assert(): void {
    if (this.#withheld === undefined) return;
    const [message, hint] = WHY[this.#withheld];
    throw new ConflictError('read-only', message, { hint });
  }

  withhold(why: Withheld): void {
    this.#withheld = why;
  }

  grant(): void {
    if (this.#withheld === undefined) return;
    this.#withheld = undefined;
    for (const listener of this.#listeners) listener();
  }

  /** Calls back when writing becomes allowed. Returns the unsubscriber. */
  onGranted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
