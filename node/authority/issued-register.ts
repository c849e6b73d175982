// What the register says of a certificate, and how entries of earlier releases, which name no keys, are completed: the only key there
// was has issued them, and those of other realms' authorities stand whole in the own network chain.
import { parseCertificate } from '../../src/pki/certificate.ts';
import { decodeChain } from '../../src/pki/chain.ts';
import { type KeyName, keyName } from '../../src/pki/keys.ts';
import { decodeRealmCertified, REALM_CERTIFIED } from '../../src/protocols/ledger/kinds.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Fact, Ledger } from '../ledger/ledger.ts';
import { nameOf } from './authority-keys.ts';
import type { IssuedCertificate, IssuedStore } from './issued-store.ts';
import type { Certified } from './issuing.ts';

export function issuedOf({ kind, realm, tier, chain, renews }: Certified): IssuedCertificate {
  const { serial, notBefore, notAfter, spki } = parseCertificate(chain[0] ?? new Uint8Array());
  const key = keyName(spki);
  const replaces = renews && kind === 'authority' && renews.key !== key ? { replaces: renews.key } : {};
  const shown = renews ? { renews: renews.serial } : {};
  return { serial, kind, realm, tier, notBefore, notAfter, issuer: nameOf(chain.slice(1)), key, ...shown, ...replaces };
}

export interface Completion {
  readonly realm: RealmName;
  /** The key that has issued what names none. */
  readonly issuer: KeyName;
}

/** Once after an update; nothing to do at any other start. */
export async function completeRegister(
  store: Pick<IssuedStore, 'list' | 'put'>,
  ledger: Pick<Ledger, 'watch'>,
  { realm, issuer }: Completion,
): Promise<void> {
  const lacking = (await store.list(0)).filter((one) => one.issuer === undefined);
  if (lacking.length === 0) return;
  const keys = new Map<string, KeyName>();
  const unsubscribe = await ledger.watch(REALM_CERTIFIED, (fact) => note(fact, realm, keys), 'all');
  unsubscribe();
  for (const one of lacking) {
    const key = keys.get(one.serial);
    await store.put({ ...one, issuer, ...(key && { key }) });
  }
}

/** What the own chain says was checked when it was written. */
function note({ realm, payload }: Fact, own: RealmName, keys: Map<string, KeyName>): void {
  const [der] = realm === own ? decodeChain(decodeRealmCertified(payload).chain) : [];
  if (!der) return;
  const { serial, spki } = parseCertificate(der);
  keys.set(serial, keyName(spki));
}
