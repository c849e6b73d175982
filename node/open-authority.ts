// The realm's authority, with what becomes of the certificates that it makes.
import { encodeChain } from '../src/pki/chain.ts';
import { messageOf } from '../src/realm/errors.ts';
import { readChain } from '../src/settings/key-files.ts';
import { Authority, type Certified } from './authority/authority.ts';
import type { Ground } from './ground.ts';
import type { Ledger } from './ledger/ledger.ts';
import { openTokenStore } from './token-store.ts';

export async function openAuthority(ground: Ground, { ledger }: { readonly ledger: Ledger }): Promise<Authority> {
  const { directory, realm, database, clock, log, audit, isRevoked } = ground;
  return new Authority(
    {
      keyFile: directory.authority.key,
      chain: await readChain(directory.authority),
      rootFingerprint: realm.rootFingerprint,
    },
    {
      tokens: openTokenStore(database),
      clock,
      log,
      isRevoked,
      onCertified: async (certified) => {
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
}

function certificateIssued({ kind, realm, tier }: Certified) {
  return { code: 'certificate-issued', fields: { kind, realm, tier } };
}
