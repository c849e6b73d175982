// Takes what holders send: verifies it, compares it with what is here, and stores what is new. One chain at a time is changed by
// one sender at a time, however many holders send it.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { type ChainId, chainName, type SignedEntry } from './entry.ts';
import { type Exhibit, FraudError, proveFraud } from './fraud.ts';
import { decodeKey, KEY } from './kinds.ts';
import type { LedgerStore } from './ledger-store.ts';
import { decodeRow, decodeSnapshot, SNAPSHOT, statementOf } from './snapshot.ts';
import { after, checkSigned, emptyHead, follow, type Head, introducedKey } from './verify.ts';

export class Intake {
  readonly #store: LedgerStore;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: LedgerStore) {
    this.#store = store;
  }

  /** Verifies and stores what is new; what is known must be the same. @throws FraudError, PeerError, RefusedError, LocalError */
  take(id: ChainId, entries: readonly SignedEntry[]): Promise<void> {
    return this.#inTurn(id, () => this.#take(id, entries));
  }

  /** Begins an empty chain with a snapshot; what is not empty stays as it is. @throws PeerError `ledger-invalid`, RefusedError */
  begin(key: SignedEntry, snapshot: SignedEntry, rows: readonly Uint8Array[]): Promise<void> {
    const { realm, chain } = snapshot.entry;
    const id = { realm, chain };
    return this.#inTurn(id, () => this.#begin(id, key, snapshot, rows));
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
    let head: Head = before;
    const fresh: SignedEntry[] = [];
    for (const signed of entries) {
      if (signed.entry.n > before.n) {
        head = await follow(head, signed, store.checkChain);
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

  /** A higher incarnation, certified from above, goes on from before its first entry; checked before anything is given up. */
  async #rewindTo(before: Head, first: SignedEntry): Promise<Head> {
    const store = this.#store;
    const head = await store.headAt(before.id, first.entry.n - 1);
    await follow(head, first, store.checkChain);
    await store.rewind(before, head);
    return head;
  }

  async #begin(id: ChainId, key: SignedEntry, snapshot: SignedEntry, rows: readonly Uint8Array[]): Promise<void> {
    const store = this.#store;
    if ((await store.head(id)).n > 0) return;
    const refuse = (why: string): never => {
      throw new PeerError('ledger-invalid', `The snapshot of the ${id.chain} chain of ${id.realm} ${why}`);
    };
    const belongs = key.entry.realm === id.realm && key.entry.chain === id.chain && key.entry.kind === KEY;
    if (!belongs || snapshot.entry.kind !== SNAPSHOT || key.entry.n >= snapshot.entry.n) return refuse('has no key');
    const headKey = await introducedKey(key.entry, store.checkChain);
    checkSigned(key, headKey);
    checkSigned(snapshot, headKey);
    const stated = decodeSnapshot(snapshot.entry.payload);
    const shown = statementOf(rows);
    if (stated.count !== shown.count || !equals(stated.hash, shown.hash)) return refuse('states other rows');
    const numbers = rows.map((row) => decodeRow(id, row).n);
    if (numbers.some((n, i) => n >= snapshot.entry.n || n <= (numbers[i - 1] ?? 0))) return refuse('is out of order');
    const size = rows.reduce((sum, row) => sum + row.length, 0);
    await store.begin(after({ ...emptyHead(id), size }, snapshot, headKey), [key, snapshot], rows);
  }
}
