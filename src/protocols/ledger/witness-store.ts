// The countersigned heads that this node has: of each chain and witness the newest.
//
//   ('ledger-witness', realm, chain, witness)  the statement, as witness.ts encodes it
import type { RealmName } from '../../realm/names.ts';
import type { Database } from '../../store/database.ts';
import { key, under } from '../../store/keys.ts';
import { type ChainId, chainName } from './entry.ts';
import { decodeStatement, type HeadStatement } from './witness.ts';

const ROOT = 'ledger-witness';
/** Witnesses of one chain; the parent and a few others countersign (node/ledger/witness-choice.ts). */
const MAX_WITNESSES = 16;

export class WitnessStore {
  readonly #database: Database;
  readonly #listeners = new Set<(id: ChainId) => void>();
  /** Of the chains that were asked for; of others nothing is put (notary.ts), so there are no more than there are chains here. */
  readonly #known = new Map<string, Promise<Map<RealmName, HeadStatement>>>();
  /** The bytes of all these. */
  readonly #bytes = new Set<string>();

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
  }

  async of(id: ChainId): Promise<HeadStatement[]> {
    return [...(await this.#read(id)).values()];
  }

  async by(id: ChainId, witness: RealmName): Promise<HeadStatement | undefined> {
    return (await this.#read(id)).get(witness);
  }

  /** Whether exactly this is known: each new stream brings all of them again, and they need no decoding. */
  has(bytes: Uint8Array): boolean {
    return this.#bytes.has(nameOf(bytes));
  }

  /** Whether there is room for it and none as new; known ones come again with each new stream, and need no check. */
  async isNews(head: HeadStatement['head']): Promise<boolean> {
    const known = await this.by(head, head.witness);
    return known ? isNewer(head, known.head) : (await this.of(head)).length < MAX_WITNESSES;
  }

  /** The statement must have been verified. False when it is no newer than the one that is here. */
  async put(statement: HeadStatement): Promise<boolean> {
    const { head } = statement;
    if (!(await this.isNews(head))) return false;
    const at = key(ROOT, head.realm, head.chain, head.witness);
    await this.#database.commit([{ type: 'put', key: at, value: statement.bytes }]);
    const known = await this.#read(head);
    const before = known.get(head.witness);
    if (before) this.#bytes.delete(nameOf(before.bytes));
    known.set(head.witness, statement);
    this.#bytes.add(nameOf(statement.bytes));
    for (const listener of this.#listeners) listener({ realm: head.realm, chain: head.chain });
    return true;
  }

  /** Calls back when a newer statement of a chain is on disk. Returns the unsubscriber. */
  onKept(listener: (id: ChainId) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asked for with each statement that comes, of which there are many for each entry. */
  #read(id: ChainId): Promise<Map<RealmName, HeadStatement>> {
    const name = chainName(id);
    let known = this.#known.get(name);
    if (!known) {
      known = this.#load(id);
      this.#known.set(name, known);
      known.catch(() => this.#known.delete(name));
    }
    return known;
  }

  async #load({ realm, chain }: ChainId): Promise<Map<RealmName, HeadStatement>> {
    const found = new Map<RealmName, HeadStatement>();
    for await (const [, bytes] of this.#database.iterate(under(ROOT, realm, chain))) {
      const statement = decodeStatement(bytes);
      found.set(statement.head.witness, statement);
      this.#bytes.add(nameOf(bytes));
    }
    return found;
  }
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function isNewer(a: HeadStatement['head'], b: HeadStatement['head']): boolean {
  return a.incarnation === b.incarnation ? a.n > b.n : a.incarnation > b.incarnation;
}
