// The realms that network chains certify. A realm certifies its direct children and nobody else; what a chain says of other names
// is passed over. The newest entry of a realm counts.
import type { Fact } from '../../src/protocols/ledger/entry.ts';
import { decodeRealmCertified, REALM_CERTIFIED } from '../../src/protocols/ledger/kinds.ts';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import type { CertifiedRealm } from './ledger.ts';

export class CertifiedRealms {
  readonly #realms = new Map<RealmName, CertifiedRealm>();

  /** The realm that this entry certifies; undefined when it certifies none. */
  apply({ realm, chain, kind, payload }: Fact): CertifiedRealm | undefined {
    if (chain !== 'network' || kind !== REALM_CERTIFIED) return undefined;
    const certified = { ...decodeRealmCertified(payload), issuer: realm };
    if (parentOf(certified.realm) !== realm) return undefined;
    this.#realms.set(certified.realm, certified);
    return certified;
  }

  get(realm: RealmName): CertifiedRealm | undefined {
    return this.#realms.get(realm);
  }

  list(): CertifiedRealm[] {
    return [...this.#realms.values()];
  }
}
