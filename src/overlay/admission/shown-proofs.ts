// What those who refuse us show as their reason: revocation lists. The news of a revocation travels over the very connections that
// it ends, and may come too late; then the refusal itself is the news. So whoever was revoked learns of it from the first peer that
// knows, stops admitting others of its own subtree, and can tell its operator.
//
// A list counts when it is signed by an authority below our root and revokes a certificate of our own chain; so no more can ever be
// kept than there are authorities above us. What does not hold is dropped. So much is looked at: LOOKS.
import { equals } from 'uint8arrays/equals';
import { type Chain, PathMemory, validateLeaf } from '../../pki/chain.ts';
import { type CheckedCrl, Revocations } from '../../pki/revocations.ts';
import type { Clock } from '../../realm/clock.ts';
import { codeOf, messageOf, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { Charter, RevocationProofs } from '../charter.ts';
import { TokenBucket } from '../token-bucket.ts';
import { ANY_AGE, issuedIn } from './judge.ts';

export interface ShownProofsComponents {
  /** Our own; renewal replaces it. */
  readonly chain: () => Chain;
  readonly rootFingerprint: string;
  readonly charter: Charter & Partial<RevocationProofs>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A few in a second: peers that refuse us are asked again every few seconds at most. */
const LOOKS = { rate: 1, burst: 10 };

export class ShownProofs {
  readonly #parts: ShownProofsComponents;
  readonly #memory = new PathMemory();
  readonly #looks: TokenBucket;

  constructor(components: ShownProofsComponents) {
    this.#parts = components;
    this.#looks = new TokenBucket(components.clock, LOOKS);
  }

  /** Never rejects. */
  async take(list: Uint8Array, peerId: string): Promise<void> {
    const { charter, log } = this.#parts;
    if (!charter.learn) return;
    try {
      const own = await this.#own();
      if (this.#isKnown(list, own) || !this.#looks.take()) return;
      const { issuer, key, number, revoked } = this.#read(list);
      const hit = own.filter((one) => one.issuer === key && revoked.some(({ serial }) => serial === one.serial));
      if (hit.length === 0) throw new RefusedError('crl-not-ours', `${issuer} has revoked no certificate of ours`);
      if (hit.every(({ serial }) => charter.isRevoked(serial, key))) return;
      await charter.learn(list);
      log.warn({ issuer, number, peerId }, 'own certificate revoked, as a refusal has proved');
    } catch (error) {
      log.warn({ peerId, code: codeOf(error), error: messageOf(error) }, 'proof of a refusal not taken');
    }
  }

  /** Who was revoked is shown the same list by everybody. */
  #isKnown(list: Uint8Array, own: ReturnType<typeof issuedIn>): boolean {
    const known = own.map(({ serial, issuer }) => this.#parts.charter.proofOf?.(serial, issuer));
    return known.some((one) => one !== undefined && equals(one, list));
  }

  async #own(): Promise<ReturnType<typeof issuedIn>> {
    const { chain, rootFingerprint, clock } = this.#parts;
    const trust = { rootFingerprint, now: clock.now(), memory: this.#memory, ...ANY_AGE };
    return issuedIn(await validateLeaf(chain(), trust));
  }

  /** Beside the charter, so that nothing enters it that is not about us. */
  #read(list: Uint8Array): CheckedCrl {
    const checked = new Revocations(this.#parts.rootFingerprint).take(list);
    if (!checked) throw new RefusedError('crl-malformed', 'an empty list revokes nothing');
    return checked;
  }
}
