// The one place that decides whether a chain admits a peer: the path to our root, the key of the connection, who was
// expected, and whether the two programs have anything to say to each other.
import { equals } from 'uint8arrays/equals';
import { type Chain, PathMemory, type ValidatedLeaf, validateLeaf } from '../../pki/chain.ts';
import type { Clock } from '../../realm/clock.ts';
import { RefusedError } from '../../realm/errors.ts';
import type { Charter } from '../charter.ts';
import { mayConnect, type Standing } from '../scope.ts';
import type { Expectation } from './admissions.ts';

export interface JudgeComponents {
  readonly self: Standing;
  readonly rootFingerprint: string;
  readonly clock: Clock;
  readonly charter: Charter;
}

export class Judge {
  readonly #components: JudgeComponents;
  readonly #memory = new PathMemory();

  constructor(components: JudgeComponents) {
    this.#components = components;
  }

  /** @throws RefusedError `cert-…`, `no-relation` */
  async chain(chain: Chain): Promise<ValidatedLeaf> {
    const { self, rootFingerprint, clock, charter } = this.#components;
    const isRevoked: Charter['isRevoked'] = (serial, issuer) => charter.isRevoked(serial, issuer);
    const leaf = await validateLeaf(chain, { rootFingerprint, now: clock.now(), memory: this.#memory, isRevoked });
    if (!mayConnect(self, leaf, charter)) {
      throw new RefusedError('no-relation', `a ${leaf.role} of ${leaf.realm} has no business with this ${self.role}`);
    }
    return leaf;
  }

  /** @throws RefusedError also `cert-key-mismatch` (a stolen certificate) and `unexpected-peer` */
  async peer(chain: Chain, key: Uint8Array | undefined, expected: Expectation | undefined): Promise<ValidatedLeaf> {
    const leaf = await this.chain(chain);
    if (!key || !equals(leaf.publicKey, key)) {
      throw new RefusedError('cert-key-mismatch', `the certificate of ${leaf.realm} was shown by another key`);
    }
    if (expected && (leaf.realm !== expected.realm || leaf.role !== expected.role)) {
      const found = `${leaf.role} of ${leaf.realm}`;
      throw new RefusedError(
        'unexpected-peer',
        `expected the ${expected.role} of ${expected.realm}, found the ${found}`,
      );
    }
    return leaf;
  }
}
