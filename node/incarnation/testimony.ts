// What the answers of witnesses say of this node: whether it is behind what it wrote before, and up to which incarnation. What a witness
// holds of our chains is taken back from it at once; while that lasts nothing is written.
import type { NumberedHead, Seen } from '../../src/protocols/heads/frames.ts';
import type { ChainKind } from '../../src/protocols/ledger/entry.ts';
import { FraudError } from '../../src/protocols/ledger/fraud.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import { Claims, type ClaimsComponents } from './claims.ts';
import { type RefillComponents, refill } from './refill.ts';
import type { WritePermit } from './write-permit.ts';

export interface TestimonyComponents extends RefillComponents, Pick<ClaimsComponents, 'database'> {
  readonly log: Log;
  readonly audit: Audit;
  readonly permit: WritePermit;
  /** The last number given out for a destination, as it is on disk now: a witness may answer long after messages have gone out again. */
  readonly outboxEnd: (destination: RealmName) => Promise<NumberedHead>;
}

export interface TestimonyInit {
  readonly realm: RealmName;
  readonly parent: RealmName | undefined;
  readonly incarnation: number;
}

/** So often a follower may fail to show what it says that it has, before nobody waits for it any more. */
const MAX_FILLS = 2;
/** Incarnations by which a follower of a region, which nobody certifies, may be ahead without a proof. */
const MAX_LEAP = 1000;

export class Testimony {
  readonly #parts: TestimonyComponents;
  readonly #init: TestimonyInit;
  /** Ends what is being taken back. */
  readonly #stop: AbortSignal;
  readonly #claims: Claims;
  #seen: number;
  #behind = false;
  /** The first answers are still awaited. */
  #waiting = true;
  /** Witnesses from which chains are being taken back. */
  #filling = 0;
  readonly #fills = new Map<RealmName, number>();

  constructor(components: TestimonyComponents, init: TestimonyInit, stop: AbortSignal) {
    this.#parts = components;
    this.#init = init;
    this.#stop = stop;
    this.#claims = new Claims(components);
    this.#seen = init.incarnation;
  }

  /** The highest incarnation that anybody has seen. */
  get seen(): number {
    return this.#seen;
  }

  get isBehind(): boolean {
    return this.#behind;
  }

  /** The first answers have come, or nobody waits for them any more. */
  waitNoMore(): void {
    this.#waiting = false;
  }

  /** The operator's word counts more. */
  forget(): void {
    this.#behind = false;
  }

  /**
   * What the realm above says counts, since it certifies. Of others only what they show counts always; their word alone counts
   * once a day, or one of them could have this node opened anew again and again.
   */
  async hear(witness: RealmName, seen: Seen): Promise<void> {
    const { parent, incarnation } = this.#init;
    const isAbove = witness === parent;
    const counts = isAbove || (parent === undefined && seen.incarnation <= incarnation + MAX_LEAP);
    if (counts) this.#seen = Math.max(this.#seen, seen.incarnation);
    const isProven = await this.#takeBack(witness, seen);
    const says = (counts && seen.incarnation > incarnation) || (await this.#hasMessages(witness, seen));
    if (!isProven && !says) return;
    if (!isProven && !isAbove && !(await this.#claims.counts(witness))) return this.#disbelieve(witness);
    this.#behind = true;
    this.#withhold();
    this.#parts.log.warn(
      { witness, incarnation: seen.incarnation },
      'a witness has seen more of this realm than is here',
    );
  }

  /** Whether messages of this incarnation or a later one came there that nobody here knows of. */
  async #hasMessages(witness: RealmName, { outbox }: Seen): Promise<boolean> {
    return outbox.incarnation >= this.#init.incarnation && isBehind(await this.#parts.outboxEnd(witness), outbox);
  }

  /** Fills up at once: what one witness holds may be gone when it is needed. True when it had more. */
  async #takeBack(witness: RealmName, seen: Seen): Promise<boolean> {
    const lacking = await this.#lacking(seen);
    if (lacking.length === 0) return false;
    this.#filling++;
    this.#withhold();
    const before = await this.#ends(lacking);
    try {
      await refill(this.#parts, this.#init.realm, lacking, witness, this.#stop);
    } catch (error) {
      const tries = (this.#fills.get(witness) ?? 0) + 1;
      this.#fills.set(witness, tries);
      if (error instanceof FraudError || witness === this.#init.parent || tries < MAX_FILLS) throw error;
      this.#parts.log.warn({ witness, code: codeOf(error) }, 'a witness does not show what it says that it has');
    } finally {
      const now = await this.#ends(lacking);
      this.#seen = Math.max(this.#seen, ...now.map(({ incarnation }) => incarnation));
      this.#behind ||= now.some((head, i) => isBehind(before[i] ?? head, head));
      this.#filling--;
      this.#release();
    }
    return this.#behind;
  }

  #ends(chains: readonly ChainKind[]): Promise<NumberedHead[]> {
    const { realm } = this.#init;
    return Promise.all(chains.map((chain) => this.#parts.store.head({ realm, chain })));
  }

  async #lacking({ chains }: Seen): Promise<ChainKind[]> {
    const lacking: ChainKind[] = [];
    for (const { chain, ...head } of chains) {
      if (isBehind(await this.#parts.store.head({ realm: this.#init.realm, chain }), head)) lacking.push(chain);
    }
    return lacking;
  }

  #withhold(): void {
    const { permit } = this.#parts;
    if (permit.withheld === undefined || permit.withheld === 'checking') permit.withhold('behind');
  }

  /** When nothing came of it. */
  #release(): void {
    const { permit } = this.#parts;
    if (this.#behind || this.#filling > 0 || permit.withheld !== 'behind') return;
    if (this.#waiting) permit.withhold('checking');
    else permit.grant();
  }

  async #disbelieve(witness: RealmName): Promise<void> {
    const { log, audit } = this.#parts;
    log.warn({ witness }, 'a witness claims again to have more of this realm, and shows nothing');
    await audit.record({ code: 'witness-disbelieved', actor: witness, fields: {} });
  }
}

/** Whether `ours` ends before `theirs`. */
function isBehind(ours: NumberedHead, theirs: NumberedHead): boolean {
  if (ours.incarnation !== theirs.incarnation) return theirs.incarnation > ours.incarnation && theirs.n > 0;
  return theirs.n > ours.n;
}
