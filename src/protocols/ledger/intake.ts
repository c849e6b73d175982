// Takes what holders send: verifies it, compares it with what is here, and stores what is new. One chain at a time is changed by
// one sender at a time, however many holders send it.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { parentOf, type RealmName } from '../../realm/names.ts';
import { type ChainId, chainName, type SignedEntry } from './entry.ts';
import { type Exhibit, FraudError, type FraudProof, proveFraud } from './fraud.ts';
import { judgeSnapshot } from './judged-snapshot.ts';
import { decodeKey, KEY } from './kinds.ts';
import type { LedgerStore } from './ledger-store.ts';
import { SNAPSHOT } from './snapshot.ts';
import { follow, type Head } from './verify.ts';
import type { WitnessedHead } from './witness.ts';

/** What decides beside the entries themselves; without it nobody was convicted and nobody has countersigned. */
export interface IntakeRules {
  /** The proof that stands against a chain of this incarnation. */
  readonly proofAgainst: (id: ChainId, incarnation: number) => Promise<FraudProof | undefined>;
  /** The head that the realm above has countersigned last. */
  readonly countersigned: (id: ChainId, by: RealmName) => Promise<WitnessedHead | undefined>;
}

const NO_RULES: IntakeRules = { proofAgainst: async () => undefined, countersigned: async () => undefined };

export class Intake {
  readonly #store: LedgerStore;
  readonly #rules: IntakeRules;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: LedgerStore, rules: IntakeRules = NO_RULES) {
    this.#store = store;
    this.#rules = rules;
  }

  /** Convicted of fraud: nothing is taken of it but a snapshot of a higher incarnation. */
  async isConvicted(id: ChainId): Promise<boolean> {
    const { incarnation } = await this.#store.head(id);
    return (await this.#rules.proofAgainst(id, incarnation)) !== undefined;
  }

  /**
   * Verifies and stores what is new; what is known must be the same.
   * @throws FraudError, RefusedError, LocalError; PeerError `ledger-invalid`, `ledger-rewound`, `ledger-convicted`,
   * `ledger-parted`: a higher incarnation that does not go on from what is here; its snapshot can be begun with
   */
  take(id: ChainId, entries: readonly SignedEntry[]): Promise<void> {
    return this.#inTurn(id, () => this.#take(id, entries));
  }

  /**
   * Begins a chain with a snapshot: an empty one, or anew with a higher incarnation that the realm above has certified. Before
   * the snapshot come the entry that begins its incarnation, unless that is the first, and the one of the key in force.
   * @throws PeerError `ledger-invalid`, `ledger-convicted`, `ledger-rewound`; RefusedError
   */
  begin(id: ChainId, entries: readonly SignedEntry[], rows: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(id, () => this.#begin(id, entries, rows));
  }

  async #inTurn(id: ChainId, step: () => Promise<void>): Promise<void> {
    const name = chainName(id);
    const before = this.#turns.get(name);
    const mine = (before ?? Promise.resolve()).catch(() => undefined).then(step);
    this.#turns.set(name, mine);
    try {
      await mine;
    } finally {
      if (this.#turns.get(name) === mine) this.#turns.delete(name);
    }
  }

  async #take(id: ChainId, entries: readonly SignedEntry[]): Promise<void> {
    const store = this.#store;
    let before = await store.head(id);
    await this.#assertNotConvicted(before, entries);
    let head: Head = before;
    const fresh: SignedEntry[] = [];
    for (const signed of entries) {
      if (signed.entry.n > before.n) {
        head = await this.#follow(head, signed);
        fresh.push(signed);
      } else if (!(await this.#isKnown(id, signed))) {
        before = await this.#rewindTo(before, signed);
        head = await follow(before, signed, store.checkChain);
        fresh.push(signed);
      }
    }
    if (fresh.length > 0) await store.commit(before, head, fresh);
  }

  /** False for the entry that begins a higher incarnation at a number that is taken here. */
  async #isKnown(id: ChainId, theirs: SignedEntry): Promise<boolean> {
    const store = this.#store;
    const { n } = theirs.entry;
    const ours = await store.get(id, n);
    if (ours && equals(ours.hash, theirs.hash)) return true;
    if (!ours && n < (await store.base(id))) return true;
    if (ours && theirs.entry.incarnation > ours.entry.incarnation) return false;
    const proof = ours && (await this.#proof(id, ours, theirs));
    if (proof) throw new FraudError(proof);
    throw new PeerError(
      'ledger-invalid',
      `Entry ${n} of the ${id.chain} chain of ${id.realm} differs from the one here`,
    );
  }

  /** Only what the realm itself signed proves anything against it; a holder could make up the rest. */
  async #proof(id: ChainId, ours: SignedEntry, theirs: SignedEntry) {
    const own = await this.#exhibit(id, ours);
    const other = await this.#exhibit(id, theirs);
    return own && other && proveFraud(own, other, this.#store.checkChain).catch(() => undefined);
  }

  async #exhibit(id: ChainId, signed: SignedEntry): Promise<Exhibit | undefined> {
    if (signed.entry.kind === KEY) return [signed, decodeKey(signed.entry.payload).chain];
    const key = await this.#store.keyBefore(id, signed.entry.n);
    return key && [signed, key.chain];
  }

  async #follow(head: Head, signed: SignedEntry): Promise<Head> {
    try {
      return await follow(head, signed, this.#store.checkChain);
    } catch (error) {
      const isLater = head.n > 0 && signed.entry.incarnation > head.incarnation;
      if (!(error instanceof PeerError) || !isLater) throw error;
      throw new PeerError('ledger-parted', error.message, { cause: error });
    }
  }

  /** @throws PeerError `ledger-parted` for what makes asking for the snapshot worth while, `ledger-convicted` */
  async #assertNotConvicted({ id, incarnation }: Head, entries: readonly SignedEntry[]): Promise<void> {
    const proof = await this.#rules.proofAgainst(id, incarnation);
    if (!proof) return;
    const isOver = entries.some(({ entry }) => entry.kind === SNAPSHOT && entry.incarnation > proof.incarnation);
    throw new PeerError(
      isOver ? 'ledger-parted' : 'ledger-convicted',
      `The ${id.chain} chain of ${id.realm} was convicted in incarnation ${proof.incarnation}`,
    );
  }

  /** A higher incarnation, certified from above, goes on from before its first entry; checked before anything is given up. */
  async #rewindTo(before: Head, first: SignedEntry): Promise<Head> {
    const store = this.#store;
    const head = await store.headAt(before.id, first.entry.n - 1);
    await this.#follow(head, first);
    await this.#assertMayRewind(before, first);
    await store.rewind(before, head, first.entry.incarnation);
    return head;
  }

  /**
   * Who certifies an incarnation states what stays (incarnation.ts). A certificate from before what the same realm has
   * countersigned since would take that back; it counts once that realm has countersigned the new incarnation itself.
   */
  async #assertMayRewind({ id }: Head, { entry }: SignedEntry): Promise<void> {
    const parent = parentOf(id.realm);
    const said = parent && (await this.#rules.countersigned(id, parent));
    if (!said || said.incarnation >= entry.incarnation || said.n < entry.n) return;
    throw new PeerError(
      'ledger-rewound',
      `Incarnation ${entry.incarnation} of the ${id.chain} chain of ${id.realm} would begin at ${entry.n}; ${parent} has countersigned ${said.n}`,
    );
  }

  async #begin(id: ChainId, entries: readonly SignedEntry[], rows: readonly Uint8Array[]): Promise<void> {
    const store = this.#store;
    const before = await store.head(id);
    const snapshot = entries.at(-1);
    const incarnation = snapshot?.entry.incarnation ?? 0;
    const proof = await this.#rules.proofAgainst(id, incarnation);
    if (before.n > 0 && incarnation <= before.incarnation && !proof) return;
    if (proof)
      throw new PeerError('ledger-convicted', `A snapshot of an incarnation of ${id.realm} that was convicted`);
    const { head, kept, begun } = await judgeSnapshot(id, entries, rows, store.checkChain);
    if (before.n > 0 && begun && !(await this.#rules.proofAgainst(id, before.incarnation)))
      await this.#assertMayRewind(before, begun);
    await store.begin(before, head, kept, rows, begun?.entry.n);
  }
}
