// A STAND-IN for the charter of a node: revocations and trusts as entries of the ledger, in a form of their own instead of
// revocation lists and signed agreements (those are tested in test/pki and test/node). How they travel, and what they do, is real.
import type { Ledger } from '../../node/ledger/ledger.ts';
import type { Charter } from '../../src/overlay/charter.ts';
import { readCbor, writeCbor } from '../../src/realm/cbor.ts';
import { isWithin, parentOf, parseRealmName, type RealmName } from '../../src/realm/names.ts';

const REVOKED = 'simulated-revoked';
const TRUST = 'simulated-trust';

export class SimulatedCharter implements Charter {
  readonly #self: RealmName;
  readonly #revoked = new Set<RealmName>();
  /** Of realms that said so themselves; a trust needs both. */
  readonly #trusting = new Map<RealmName, Set<RealmName>>();
  readonly #listeners = new Set<() => void>();
  #since = 0;

  constructor(self: RealmName) {
    this.#self = self;
  }

  async follow(ledger: Ledger): Promise<void> {
    await ledger.watch(REVOKED, ({ realm: author, payload, time }) => {
      const [child] = realmsIn(payload);
      // A realm revokes what it certified, and nothing else.
      if (child && parentOf(child) === author && !this.#revoked.has(child))
        this.#change(() => this.#revoked.add(child));
      this.#since = time;
    });
    await ledger.watch(TRUST, ({ realm: author, payload }) => {
      const partners = this.#trusting.get(author) ?? new Set<RealmName>();
      const [partner] = realmsIn(payload);
      if (!partner || partners.has(partner)) return;
      this.#change(() => this.#trusting.set(author, partners.add(partner)));
      if (author === this.#self) ledger.followPartners([...partners]);
    });
  }

  /** Nobody asks by serial numbers here. */
  isRevoked(): boolean {
    return false;
  }

  revokedAt(): undefined {
    return undefined;
  }

  isRealmRevoked(realm: RealmName): boolean {
    return [...this.#revoked].some((one) => isWithin(realm, one));
  }

  /** Whether this realm has said that it trusts that one, whatever became of it since. */
  trustsItself(realm: RealmName): boolean {
    return this.#trusting.get(this.#self)?.has(realm) === true;
  }

  trustWith(realm: RealmName) {
    const isFree = this.trustsItself(realm) && !this.isRealmRevoked(realm);
    return isFree ? { realm, direction: 'both' as const, since: this.#since } : undefined;
  }

  arePartners(a: RealmName, b: RealmName): boolean {
    return this.#trusting.get(a)?.has(b) === true && this.#trusting.get(b)?.has(a) === true;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #change(change: () => void): void {
    change();
    for (const listener of this.#listeners) listener();
  }
}

export function revoke(ledger: Ledger, child: RealmName): Promise<void> {
  return ledger.append({ chain: 'network', kind: REVOKED, payload: writeCbor([child]) });
}

export function trust(ledger: Ledger, partner: RealmName): Promise<void> {
  return ledger.append({ chain: 'network', kind: TRUST, payload: writeCbor([partner]) });
}

function realmsIn(payload: Uint8Array): RealmName[] {
  const value = readCbor(payload);
  return Array.isArray(value) ? value.map((name) => parseRealmName(String(name))) : [];
}
