// The realm's authority, with what becomes of the certificates that it makes.
import { equals } from 'uint8arrays/equals';
import { parseCertificate } from '../src/pki/certificate.ts';
import { decodeChain, encodeChain } from '../src/pki/chain.ts';
import { RENEWAL_GRACE } from '../src/pki/renewal.ts';
import { messageOf } from '../src/realm/errors.ts';
import { readChain } from '../src/settings/key-files.ts';
import { Authority, type Certified } from './authority/authority.ts';
import { type IssuedCertificate, IssuedStore } from './authority/issued-store.ts';
import type { Ground } from './ground.ts';
import type { Ledger } from './ledger/ledger.ts';
import { openTokenStore } from './token-store.ts';

/**
 * Certificates of one kind that one realm may have in force at the same time: up to eight relays, each with an old and a new one,
 * and some more. A realm that renewed without end could fill the revocation list (MAX_REVOKED) and so not be revoked any more.
 */
const MAX_IN_FORCE = 24;

export interface OpenedAuthority {
  readonly authority: Authority;
  readonly issued: IssuedStore;
}

export async function openAuthority(ground: Ground, { ledger }: { readonly ledger: Ledger }): Promise<OpenedAuthority> {
  const { directory, realm, settings, database, clock, log, audit, isRevoked } = ground;
  const issued = new IssuedStore(database);
  await registerKnown(ground, ledger, issued);
  const authority = new Authority(
    {
      keyFile: directory.authority.key,
      chain: await readChain(directory.authority),
      rootFingerprint: realm.rootFingerprint,
      ...settings.testing,
    },
    {
      tokens: openTokenStore(database),
      clock,
      log,
      isRevoked,
      mayRenew: async ({ kind, realm: whose }) => {
        const now = clock.now();
        const live = await issued.list(now - RENEWAL_GRACE);
        const inForce = live.filter((one) => one.kind === kind && one.realm === whose && one.notAfter > now);
        return inForce.length < MAX_IN_FORCE;
      },
      onCertified: async (certified) => {
        await issued.put(issuedOf(certified));
        await audit.record(certificateIssued(certified));
        // The branches of a house learn of each other here.
        const { kind, realm: child, tier, chain } = certified;
        if (kind === 'authority') await ledger.certifyRealm({ realm: child, tier, chain: encodeChain(chain) });
      },
      onRefused: ({ code, realm: asking, slot }) => {
        audit.record({ code: 'enrol-refused', fields: { why: code, realm: asking, slot } }).catch((error: unknown) => {
          log.error({ error: messageOf(error) }, 'audit record not written');
        });
      },
    },
  );
  return { authority, issued };
}

/** What was certified before the register existed, or before this node did: its children, and the first leaves of its own. */
async function registerKnown({ directory, realm, log }: Ground, ledger: Ledger, issued: IssuedStore): Promise<void> {
  const [own] = await readChain(directory.authority);
  const chains: Certified[] = ledger
    .realms()
    .filter(({ issuer }) => issuer === realm.realm)
    .map(({ realm: child, tier, chain }) => ({ kind: 'authority', realm: child, tier, chain: decodeChain(chain) }));
  for (const role of realm.programs) {
    const chain = await readChain(directory[role]);
    // A relay that joined before its node has its first certificate from the realm above.
    if (own && chain[1] && equals(own, chain[1])) chains.push({ ...realm, kind: role, chain });
  }
  for (const certified of chains) await issued.put(issuedOf(certified));
  log.debug({ count: chains.length }, 'issued certificates registered');
}

function issuedOf({ kind, realm, tier, chain: [der] }: Certified): IssuedCertificate {
  const { serial, notBefore, notAfter } = parseCertificate(der ?? new Uint8Array());
  return { serial, kind, realm, tier, notBefore, notAfter };
}

function certificateIssued({ kind, realm, tier }: Certified) {
  return { code: 'certificate-issued', fields: { kind, realm, tier } };
}
