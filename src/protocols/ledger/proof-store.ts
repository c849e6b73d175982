// The proofs of fraud that this node has, of any realm.
//
//   ('ledger-fraud', realm, chain)  the proof, as fraud.ts encodes it; the first one that came
import { RefusedError } from '../../realm/errors.ts';
import { parseRealmName } from '../../realm/names.ts';
import type { Database } from '../../store/database.ts';
import { key, parseKey, under } from '../../store/keys.ts';
import type { ChainId } from './entry.ts';
import { decodeProof, type FraudProof } from './fraud.ts';
import type { CheckChain } from './leaf-key.ts';

const ROOT = 'ledger-fraud';

export class ProofStore {
  readonly #database: Database;
  readonly #checkChain: CheckChain;

  constructor(components: { readonly database: Database; readonly checkChain: CheckChain }) {
    this.#database = components.database;
    this.#checkChain = components.checkChain;
  }

  async has({ realm, chain }: ChainId): Promise<boolean> {
    return (await this.#database.get(key(ROOT, realm, chain))) !== undefined;
  }

  put({ realm, chain, bytes }: FraudProof): Promise<void> {
    return this.#database.commit([{ type: 'put', key: key(ROOT, realm, chain), value: bytes }]);
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

  async list(): Promise<ChainId[]> {
    const found: ChainId[] = [];
    for await (const [at] of this.#database.iterate(under(ROOT))) {
      const [, realm, chain] = parseKey(at);
      found.push({ realm: parseRealmName(String(realm)), chain: chain === 'network' ? 'network' : 'directory' });
    }
    return found;
  }
}
