// The realm's authority, with what becomes of the certificates that it makes.
import { decodeChain, encodeChain } from '../src/pki/chain.ts';
import { RENEWAL_GRACE } from '../src/pki/renewal.ts';
import { messageOf } from '../src/realm/errors.ts';
import { readChain } from '../src/settings/key-files.ts';
import { Authority } from './authority/authority.ts';
import { nameOf } from './authority/authority-keys.ts';
import { completeRegister, issuedOf } from './authority/issued-register.ts';
import { IssuedStore } from './authority/issued-store.ts';
import type { Certified } from './authority/issuing.ts';
import { findOldAuthority } from './authority/old-authority.ts';
import { objectionTo } from './authority/renewal-rules.ts';
import type { Ground } from './ground.ts';
import type { Ledger } from './ledger/ledger.ts';
import { openTokenStore } from './token-store.ts';

export interface OpenedAuthority {
  readonly authority: Authority;
  readonly issued: IssuedStore;
}

export async function openAuthority(ground: Ground, { ledger }: { readonly ledger: Ledger }): Promise<OpenedAuthority> {
  const { directory, realm, settings, database, clock, log, audit, isRevoked } = ground;
  const issued = new IssuedStore(database);
  await registerKnown(ground, ledger, issued);
  const old = await findOldAuthority(directory.authority);
  const chain = await readChain(directory.authority);
  await completeRegister(issued, ledger, { realm: realm.realm, issuer: nameOf(old?.chain ?? chain) });
  const authority = new Authority(
    {
      keyFile: directory.authority.key,
      chain,
      old,
      rootFingerprint: realm.rootFingerprint,
      ...settings.testing,
    },
    {
      tokens: openTokenStore(database),
      clock,
      log,
      isRevoked,
      objectionTo: async (asked) =>
        objectionTo(asked, await issued.list(clock.now() - RENEWAL_GRACE), { now: clock.now(), isRevoked }),
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
  const own = await readChain(directory.authority);
  const old = await findOldAuthority(directory.authority);
  const ours = [own, ...(old ? [old.chain] : [])].map(nameOf);
  const chains: Certified[] = ledger
    .realms()
    .filter(({ issuer }) => issuer === realm.realm)
    .map(({ realm: child, tier, chain }) => ({ kind: 'authority', realm: child, tier, chain: decodeChain(chain) }));
  for (const role of realm.programs) {
    const chain = await readChain(directory[role]);
    // A relay that joined before its node has its first certificate from the realm above.
    if (chain.length > 1 && ours.includes(nameOf(chain.slice(1)))) chains.push({ ...realm, kind: role, chain });
  }
  const known = new Set((await issued.list(0)).map(({ serial }) => serial));
  for (const one of chains.map(issuedOf).filter(({ serial }) => !known.has(serial))) await issued.put(one);
  log.debug({ count: chains.length }, 'issued certificates registered');
}

function certificateIssued({ kind, realm, tier }: Certified) {
  return { code: 'certificate-issued', fields: { kind, realm, tier } };
}
