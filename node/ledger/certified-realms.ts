// The realms that network chains certify. A realm certifies its direct children and nobody else; what a chain says of other names
// is passed over. The newest entry of a realm counts.
import type { Fact } from '../../src/protocols/ledger/entry.ts';
import { decodeRealmCertified, REALM_CERTIFIED, type RealmCertified } from '../../src/protocols/ledger/kinds.ts';
import { InputError } from '../../src/realm/errors.ts';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import type { CertifiedRealm } from './ledger.ts';

export class CertifiedRealms {
  readonly #realms = new Map<RealmName, CertifiedRealm>();
  #list: readonly CertifiedRealm[] | undefined;

  /** The realm that this entry certifies; undefined when it certifies none. */
  apply({ realm, chain, kind, payload }: Fact): CertifiedRealm | undefined {
    if (chain !== 'network' || kind !== REALM_CERTIFIED) return undefined;
    const said = readable(payload);
    if (!said || parentOf(said.realm) !== realm) return undefined;
    const certified = { ...said, issuer: realm };
    this.#realms.set(certified.realm, certified);
    this.#list = undefined;
    return certified;
  }

  get(realm: RealmName): CertifiedRealm | undefined {
    return this.#realms.get(realm);
  }

  /** The same array until there is news: what was worked out from it stands as long. */
  list(): readonly CertifiedRealm[] {
    this.#list ??= [...this.#realms.values()];
    return this.#list;
  }
}

/** A realm may write what it likes: what can't be read certifies nobody, and stops nobody. */
function readable(payload: Uint8Array): RealmCertified | undefined {
  try {
    return decodeRealmCertified(payload);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
