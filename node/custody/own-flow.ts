// What waits in our own outbox for one destination, for the next realm on the tree to hold: signed batches in order, from where
// the last one that was taken ended. Entries stay in the outbox until the destination has settled them.
import { encodePayload, refOf } from '../../src/protocols/custody/payload.ts';
import { BATCH_BYTES, MAX_BATCH_ENVELOPES } from '../../src/protocols/deliver/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { hasExpired, makeBatch } from '../delivery/batch-maker.ts';
import type { BatchSigner } from '../delivery/batch-signing.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { OutboxEntry, Position } from '../delivery/outbox-entry.ts';
import { isBefore } from '../delivery/recent-entries.ts';
import { type CustodyStore, handedWrite, positionWrite } from './custody-store.ts';
import type { Answer, Flow, Item } from './hand-on.ts';
import { declinedAfter, rehandAfter } from './retry-times.ts';

export interface OwnFlowComponents {
  readonly realm: RealmName;
  readonly database: Pick<Database, 'commit'>;
  readonly store: CustodyStore;
  readonly outbox: Pick<Outbox, 'read' | 'oldest' | 'depth'>;
  readonly signer: BatchSigner;
  readonly clock: Pick<Clock, 'now'>;
}

interface Sent {
  readonly entries: readonly OutboxEntry[];
  readonly to: Position;
  taken: boolean;
}

const BEGINNING: Position = { incarnation: 0, n: 0 };
const LIMITS = { count: MAX_BATCH_ENVELOPES, bytes: BATCH_BYTES };

export class OwnFlow implements Flow {
  readonly destination: RealmName;
  readonly next: RealmName;
  readonly #parts: OwnFlowComponents;
  #loaded = false;
  /** All up to here was taken by the next realm. */
  #handed: Position = BEGINNING;
  #handedAt = 0;
  #rehands = 0;
  /** On its way, in order. */
  #sent: Sent[] = [];
  #blockedUntil = 0;
  #blocks = 0;
  /** Why the next realm does not take it. */
  code: string | undefined;

  constructor(parts: OwnFlowComponents, destination: RealmName, next: RealmName) {
    this.#parts = parts;
    this.destination = destination;
    this.next = next;
  }

  /** Something waits in the outbox, handed on or not. */
  get isPending(): boolean {
    return this.#parts.outbox.depth(this.destination) > 0;
  }

  unblock(): void {
    this.#blockedUntil = 0;
  }

  /** The destination settled something: what was handed did not get lost. */
  progressed(): void {
    this.#rehands = 0;
  }

  async take(): Promise<Item | undefined> {
    const { clock, outbox } = this.#parts;
    if (!this.#loaded) await this.#load();
    if (this.#blockedUntil > clock.now()) return undefined;
    await this.#handAnew();
    const after = this.#sent.at(-1)?.to ?? this.#handed;
    const entries = await outbox.read(this.destination, after, LIMITS);
    const last = entries.at(-1);
    // Another one was taken while we read.
    if (!last || after !== (this.#sent.at(-1)?.to ?? this.#handed)) return undefined;
    return this.#item(entries, after, { incarnation: last.incarnation, n: last.n });
  }

  async #load(): Promise<void> {
    const position = await this.#parts.store.position(this.destination);
    this.#loaded = true;
    if (!position) return;
    this.#handed = { incarnation: position.incarnation, n: position.n };
    this.#handedAt = position.at;
  }

  /** What was taken long ago and is not settled may have been lost, or dropped by somebody who said otherwise. */
  async #handAnew(): Promise<void> {
    const { clock, outbox } = this.#parts;
    if (this.#handed === BEGINNING || this.#sent.length > 0) return;
    if (clock.now() < this.#handedAt + rehandAfter(this.#rehands)) return;
    const oldest = await outbox.oldest(this.destination);
    this.#handedAt = clock.now();
    if (!oldest || isBefore(this.#handed, oldest)) return;
    this.#rehands++;
    this.#handed = BEGINNING;
  }

  #item(entries: readonly OutboxEntry[], after: Position, to: Position): Item {
    const { realm: origin, signer, clock } = this.#parts;
    const first = (after.incarnation === to.incarnation ? after.n : 0) + 1;
    const terms = { origin, destination: this.destination, incarnation: to.incarnation, first, last: to.n };
    const live = entries.filter((entry) => !hasExpired(entry, clock.now()));
    const { chain, certificate = new Uint8Array() } = signer;
    const payload = encodePayload({
      ...makeBatch(signer, terms, live),
      certificate: terms.incarnation > 1 ? certificate : new Uint8Array(),
    });
    const sent = { entries: live, to, taken: false };
    this.#sent.push(sent);
    const answered = (answer: Answer) => this.#answered(sent, answer);
    return { kind: 'batch', bytes: payload.length, ref: refOf(chain), chain, trail: [], payload, answered };
  }

  async #answered(sent: Sent, answer: Answer): Promise<void> {
    const now = this.#parts.clock.now();
    // Something before it was not taken: all after that begins anew.
    if (!this.#sent.includes(sent)) return;
    if (answer.kind !== 'taken') {
      this.#sent = this.#sent.slice(0, this.#sent.indexOf(sent));
      if (answer.kind === 'declined') this.#declined(answer.code, now);
      return;
    }
    sent.taken = true;
    this.code = undefined;
    this.#blocks = 0;
    while (this.#sent[0]?.taken) {
      this.#handed = this.#sent[0].to;
      this.#handedAt = now;
      this.#sent.shift();
    }
    await this.#writeDown(sent, now);
  }

  #declined(code: string, now: number): void {
    this.code = code;
    this.#blockedUntil = now + declinedAfter(this.#blocks++);
  }

  async #writeDown({ entries }: Sent, at: number): Promise<void> {
    const { destination, next: custodian } = this;
    const records = entries.map((entry) => {
      const { incarnation, n } = entry;
      return handedWrite(entry, destination, { at, custodian, incarnation, n });
    });
    await this.#parts.database.commit([...records, positionWrite(destination, this.#handed, at)]);
  }
}
