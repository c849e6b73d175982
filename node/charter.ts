// The charter of a node, built from the network chains that its ledger holds: revocation lists of every authority, and the
// trusts in force (node/trusts puts its part into the slot). To them come lists that somebody who refused this realm has shown:
// the chain they stand in may never be had. It begins empty and is whole once `follow` has read the disk, which is before the
// node speaks with anyone.
//
// A realm counts as revoked when the newest authority that the chains certify for it was revoked, or one above it.

import type { Charter, RevocationProofs, TrustInForce } from '../src/overlay/charter.ts';
import type { CharterSource } from '../src/overlay/charter-feed/feeder.ts';
import { type Chain, decodeChain } from '../src/pki/chain.ts';
import type { Crl } from '../src/pki/crl.ts';
import type { KeyName } from '../src/pki/keys.ts';
import { type CheckedCrl, type IssuedSerial, Revocations, serialsOf } from '../src/pki/revocations.ts';
import { codeOf, messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import { ancestorsOf, type RealmName } from '../src/realm/names.ts';
import type { CertifiedRealm, Ledger } from './ledger/ledger.ts';
import type { ShownLists } from './revocations/shown-lists.ts';

/** Kind of a network entry: a revocation list with its chain, as src/pki/revocations.ts writes it. */
export const CRL_ENTRY = 'crl';

/** The trusts' part of the charter. */
export interface TrustSource {
  trustWith(realm: RealmName): TrustInForce | undefined;
  arePartners(a: RealmName, b: RealmName): boolean;
  /** Signed by both sides, in force; for the own relay. The same agreement is the same object. */
  agreements(): readonly Uint8Array[];
  onChange(listener: () => void): () => void;
}

export interface NodeCharterComponents {
  readonly rootFingerprint: string;
  readonly log: Log;
  /** What refusals have shown. */
  readonly shown: Pick<ShownLists, 'all' | 'put'>;
}

export class NodeCharter implements Charter, CharterSource, RevocationProofs {
  readonly #log: Log;
  readonly #shown: NodeCharterComponents['shown'];
  readonly #revocations: Revocations;
  readonly #listeners = new Set<() => void>();
  readonly #authorities = new Map<RealmName, readonly IssuedSerial[]>();
  #trusts: TrustSource | undefined;

  constructor({ rootFingerprint, log, shown }: NodeCharterComponents) {
    this.#log = log;
    this.#shown = shown;
    this.#revocations = new Revocations(rootFingerprint);
  }

  /** The slot of the trusts; once, while the node is composed. */
  setTrusts(trusts: TrustSource): void {
    this.#trusts = trusts;
    trusts.onChange(() => this.#changed());
  }

  /** Resolves when what the ledger has on disk is read; later entries count as they come. */
  async follow(ledger: Pick<Ledger, 'watch' | 'realms' | 'onRealm'>): Promise<void> {
    ledger.realms().forEach((certified) => this.#certified(certified));
    ledger.onRealm((certified) => {
      this.#certified(certified);
      this.#changed();
    });
    // What was revoked stays so, even where a new incarnation has overwritten the entry.
    await ledger.watch(CRL_ENTRY, ({ realm, payload }) => this.#take(realm, payload), 'all');
    for (const list of await this.#shown.all()) this.#take(undefined, list);
  }

  isRevoked(serial: string, issuer: KeyName): boolean {
    return this.#revocations.isRevoked(serial, issuer);
  }

  revokedAt(serial: string, issuer: KeyName): number | undefined {
    return this.#revocations.revokedAt(serial, issuer);
  }

  proofOf(serial: string, issuer: KeyName): Uint8Array | undefined {
    return this.#revocations.proofOf(serial, issuer);
  }

  async learn(list: Uint8Array): Promise<void> {
    const taken = this.#revocations.take(list);
    if (!taken) return;
    await this.#shown.put(taken.key, list);
    this.#announce(taken);
  }

  isRealmRevoked(realm: RealmName): boolean {
    return [realm, ...ancestorsOf(realm)].some((one) =>
      this.#authorities.get(one)?.some(({ serial, issuer }) => this.isRevoked(serial, issuer)),
    );
  }

  /** The chain of the newest authority that is known of it, as lists know certificates. */
  certificatesOf(realm: RealmName): readonly IssuedSerial[] {
    return this.#authorities.get(realm) ?? [];
  }

  trustWith(realm: RealmName): TrustInForce | undefined {
    return this.isRealmRevoked(realm) ? undefined : this.#trusts?.trustWith(realm);
  }

  arePartners(a: RealmName, b: RealmName): boolean {
    const isFree = !this.isRealmRevoked(a) && !this.isRealmRevoked(b);
    return isFree && this.#trusts?.arePartners(a, b) === true;
  }

  crls(): readonly Uint8Array[] {
    return this.#revocations.newest();
  }

  agreements(): readonly Uint8Array[] {
    return this.#trusts?.agreements() ?? [];
  }

  /** The newest list of an authority's key; undefined when it has revoked nothing. */
  revokedBy(key: KeyName): Crl | undefined {
    return this.#revocations.listOf(key);
  }

  /** The chain with which that list came. */
  chainOfList(key: KeyName): Chain | undefined {
    return this.#revocations.chainOfList(key);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  gauges(): Record<string, number> {
    return { revoked: this.#revocations.size, lists: this.crls().length, agreements: this.agreements().length };
  }

  /** A realm's chain revokes what that realm issued and nothing else; what was shown has no author but its signature. */
  #take(author: RealmName | undefined, payload: Uint8Array): void {
    try {
      const taken = this.#revocations.take(payload, author);
      if (taken) this.#announce(taken);
    } catch (error) {
      this.#log.error({ realm: author, code: codeOf(error), error: messageOf(error) }, 'revocation list not taken');
    }
  }

  #announce({ issuer, number, revoked }: CheckedCrl): void {
    this.#log.warn({ issuer, number, revoked: revoked.length }, 'certificates revoked');
    this.#changed();
  }

  #certified({ realm, chain }: CertifiedRealm): void {
    try {
      this.#authorities.set(realm, serialsOf(decodeChain(chain)));
    } catch (error) {
      this.#log.warn({ realm, code: codeOf(error) }, 'chain of a certified realm not understood');
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
