// What was written and what arrived, kept outside of every realm: the truth that realms are held against. It judges each
// arrival as it comes and the rest at the end.
import type { ConversationId, MessageId, UserId } from '../../src/realm/ids.ts';

/** A rule that must hold was broken: what a simulation is for. */
export interface Violation {
  readonly rule: 'lost' | 'doubled' | 'made-up' | 'out-of-order' | 'diverged' | 'not-cut' | 'unbounded' | 'stuck';
  readonly at: number;
  readonly what: string;
}

export interface Written {
  readonly id: MessageId;
  readonly sender: UserId;
  readonly recipient: UserId;
  readonly conversation: ConversationId;
  /** Counts what one sender writes to one recipient, from 1. */
  readonly n: number;
  readonly body: string;
  readonly at: number;
  /** The sender's node has answered that it is stored. */
  acknowledged: boolean;
  arrivedAt: number | undefined;
  /** The reading in which it was seen last. */
  reading: number;
}

/** Kept for a report; the count goes on. */
const MAX_KEPT = 50;

export class Chronicle {
  readonly #now: () => number;
  readonly #written = new Map<MessageId, Written>();
  readonly #counts = new Map<string, number>();
  readonly #newest = new Map<string, number>();
  readonly violations: Violation[] = [];
  broken = 0;
  arrived = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get written(): number {
    return this.#written.size;
  }

  all(): Iterable<Written> {
    return this.#written.values();
  }

  get(id: MessageId): Written | undefined {
    return this.#written.get(id);
  }

  violate(rule: Violation['rule'], what: string): void {
    this.broken++;
    if (this.violations.length < MAX_KEPT) this.violations.push({ rule, at: this.#now(), what });
  }

  write(terms: Pick<Written, 'id' | 'sender' | 'recipient' | 'conversation' | 'body'>): Written {
    const pair = `${terms.sender}>${terms.recipient}`;
    const n = (this.#counts.get(pair) ?? 0) + 1;
    this.#counts.set(pair, n);
    const written = { ...terms, n, at: this.#now(), acknowledged: false, arrivedAt: undefined, reading: 0 };
    this.#written.set(terms.id, written);
    return written;
  }

  /**
   * A message stands among the arrivals of a user, where it did not stand before in the same reading. A client whose cursor
   * is no longer known begins a new reading from the start.
   */
  arrive(user: UserId, message: Pick<Written, 'id' | 'sender' | 'body'>, reading: number): void {
    const { id, sender, body } = message;
    const written = this.#written.get(id);
    if (!written || written.sender !== sender || written.recipient !== user || written.body !== body) {
      return this.violate('made-up', `${id} of ${sender} came to ${user}, and nobody wrote it so`);
    }
    if (written.reading === reading) return this.violate('doubled', `${id} came to ${user} twice`);
    written.reading = reading;
    if (written.arrivedAt === undefined) this.arrived++;
    written.arrivedAt ??= this.#now();
    const pair = `${sender}>${user}/${reading}`;
    const newest = this.#newest.get(pair) ?? 0;
    if (written.n < newest) this.violate('out-of-order', `${id} is number ${written.n} and came after ${newest}`);
    this.#newest.set(pair, Math.max(newest, written.n));
  }

  /** At the end, when everything had its time: what was acknowledged has arrived, unless an end was revoked. */
  judgeLosses(isExempt: (user: UserId) => boolean): void {
    for (const { id, sender, recipient, acknowledged, arrivedAt, n } of this.#written.values()) {
      if (acknowledged && arrivedAt === undefined && !isExempt(sender) && !isExempt(recipient)) {
        this.violate('lost', `${id}, number ${n} of ${sender} to ${recipient}, was acknowledged and never arrived`);
      }
    }
  }
}
