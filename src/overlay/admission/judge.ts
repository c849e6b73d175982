// The one place that decides whether a chain admits a peer: the path to our root, the key of the connection, who was
// expected, and whether the two programs have anything to say to each other.
import { equals } from 'uint8arrays/equals';
import { type Chain, PathMemory, type ValidatedLeaf, validateLeaf } from '../../pki/chain.ts';
import { keyName } from '../../pki/keys.ts';
import type { IssuedSerial } from '../../pki/revocations.ts';
import type { Clock } from '../../realm/clock.ts';
import { RefusedError } from '../../realm/errors.ts';
import type { Charter, RevocationProofs } from '../charter.ts';
import { mayConnect, type Standing } from '../scope.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { Expectation } from './admissions.ts';

export interface JudgeComponents {
  readonly self: Standing;
  readonly rootFingerprint: string;
  readonly clock: Clock;
  readonly charter: Charter & Partial<RevocationProofs>;
}

/** Proofs that leave in a second: each has up to 31 KiB, and who was revoked may knock without end. */
const PROOFS = { rate: 10, burst: 50 };
/** Whether a certificate was revoked does not depend on the day. */
export const ANY_AGE = { grace: Number.MAX_SAFE_INTEGER, graceAbove: Number.MAX_SAFE_INTEGER };

export class Judge {
  readonly #components: JudgeComponents;
  readonly #memory = new PathMemory();
  readonly #proofs: TokenBucket;

  constructor(components: JudgeComponents) {
    this.#components = components;
    this.#proofs = new TokenBucket(components.clock, PROOFS);
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

  /**
   * What to show a peer that was refused because it was revoked: the list that says so. Nothing for whoever shows a chain that is
   * not its own, and nothing for a chain of which nothing was revoked.
   */
  async proof(chain: Chain, key: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const { rootFingerprint, clock, charter } = this.#components;
    const trust = { rootFingerprint, now: clock.now(), memory: this.#memory, ...ANY_AGE };
    const leaf = await validateLeaf(chain, trust).catch(() => undefined);
    if (!leaf || !key || !equals(leaf.publicKey, key)) return undefined;
    const proofs = issuedIn(leaf).map(({ serial, issuer }) => charter.proofOf?.(serial, issuer));
    const highest = proofs.findLast((proof) => proof !== undefined);
    return highest && this.#proofs.take() ? highest : undefined;
  }
}

/** Each certificate of a chain and the key of its issuer, the leaf's first. */
export function issuedIn({ serial, authorities }: ValidatedLeaf): IssuedSerial[] {
  const serials = [serial, ...authorities.map((one) => one.serial)];
  return authorities.map(({ spki }, index) => ({ serial: serials[index] ?? '', issuer: keyName(spki) }));
}
