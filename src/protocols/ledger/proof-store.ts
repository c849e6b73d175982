// The proofs of fraud that this node has, of any realm.
//
//   ('ledger-fraud', realm, chain)  the proof, as fraud.ts encodes it; the first one that came
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

  async get({ realm, chain }: ChainId): Promise<FraudProof | undefined> {
    const bytes = await this.#database.get(key(ROOT, realm, chain));
    return bytes && decodeProof(bytes, this.#checkChain);
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
