// The proofs of fraud that this node has, of any realm.
//
//   ('ledger-fraud', realm, chain)        the proof, as fraud.ts encodes it: the first one that came of its incarnation, the highest
//   ('ledger-fraud-since', realm, chain)  [milliseconds since 1970]: when it was kept here
import { RefusedError } from '../../realm/errors.ts';
import { parseRealmName } from '../../realm/names.ts';
import type { Database } from '../../store/database.ts';
import { key, parseKey, under } from '../../store/keys.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import type { ChainId } from './entry.ts';
import { decodeProof, type FraudProof, readProof } from './fraud.ts';
import type { CheckChain } from './leaf-key.ts';

const ROOT = 'ledger-fraud';
const SINCE = 'ledger-fraud-since';

export class ProofStore {
  readonly #database: Database;
  readonly #checkChain: CheckChain;

  constructor(components: { readonly database: Database; readonly checkChain: CheckChain }) {
    this.#database = components.database;
    this.#checkChain = components.checkChain;
  }

  put({ realm, chain, bytes }: FraudProof, now: number): Promise<void> {
    return this.#database.commit([
      { type: 'put', key: key(ROOT, realm, chain), value: bytes },
      { type: 'put', key: key(SINCE, realm, chain), value: encodeFields([now]) },
    ]);
  }

  /** Milliseconds since 1970; 0 when it is not known. */
  async since({ realm, chain }: ChainId): Promise<number> {
    const bytes = await this.#database.get(key(SINCE, realm, chain));
    return bytes ? decodeFields(bytes, 'time of a proof', (reader) => reader.number()) : 0;
  }

  /** The proof that stands against a chain of this incarnation. */
  async against(id: ChainId, incarnation: number): Promise<FraudProof | undefined> {
    const proof = await this.get(id);
    return proof && incarnation <= proof.incarnation ? proof : undefined;
  }

  /** Undefined, too, once one of its keys was revoked as of before its entry: it convinces nobody else any more. */
  async get({ realm, chain }: ChainId): Promise<FraudProof | undefined> {
    const bytes = await this.#database.get(key(ROOT, realm, chain));
    try {
      return bytes && (await decodeProof(bytes, this.#checkChain));
    } catch (error) {
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }

  /** What the proof is of, whether or not it still convinces anybody. */
  async kept({ realm, chain }: ChainId): Promise<Pick<FraudProof, 'n' | 'incarnation'> | undefined> {
    const bytes = await this.#database.get(key(ROOT, realm, chain));
    return bytes && readProof(bytes);
  }

  async list(): Promise<ChainId[]> {
    const found: ChainId[] = [];
    for await (const [at] of this.#database.iterate(under(ROOT))) {
      const [, realm, chain] = parseKey(at);
      found.push({ realm: parseRealmName(String(realm)), chain: chain === 'network' ? 'network' : 'directory' });
    }
    return found;
  }
}
