// A small overlay for tests: a region, an enterprise and a branch, with the keys of all.
import { type Chain, fingerprintOf } from '../../src/pki/chain.ts';
import { createRoot, issueAuthority, issueLeaf } from '../../src/pki/issue.ts';
import {
  type AuthorityKey,
  generateAuthorityKey,
  generateLeafKey,
  type LeafKey,
  localSigner,
} from '../../src/pki/keys.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';

export const NOW = Date.UTC(2027, 0, 15, 12);

export interface Family {
  readonly rootFingerprint: string;
  readonly ua: RealmName;
  readonly acme: RealmName;
  readonly kyiv: RealmName;
  readonly keys: Readonly<Record<'root' | 'region' | 'enterprise' | 'branch', AuthorityKey>>;
  readonly region: Chain;
  readonly enterprise: Chain;
  readonly branch: Chain;
  readonly node: Chain;
  readonly nodeKey: LeafKey;
}

export async function createFamily(now = NOW): Promise<Family> {
  const [ua, acme, kyiv] = [parseRealmName('ua'), parseRealmName('acme.ua'), parseRealmName('kyiv.acme.ua')];
  const key = generateAuthorityKey;
  const keys = { root: await key(), region: await key(), enterprise: await key(), branch: await key() };
  const nodeKey = await generateLeafKey();
  const root = await createRoot({ realm: ua, now, signer: localSigner(keys.root) });
  const by = (issuer: AuthorityKey, chain: Chain) => ({ signer: localSigner(issuer), chain, now });
  const region = await issueAuthority({
    ...by(keys.root, [root]),
    realm: ua,
    tier: 'region',
    publicKey: keys.region.spki,
  });
  const enterprise = await issueAuthority({
    ...by(keys.region, region),
    realm: acme,
    tier: 'enterprise',
    publicKey: keys.enterprise.spki,
  });
  const branch = await issueAuthority({
    ...by(keys.enterprise, enterprise),
    realm: kyiv,
    tier: 'branch',
    publicKey: keys.branch.spki,
  });
  const leaf = { realm: kyiv, tier: 'branch', role: 'node', publicKey: nodeKey.publicKey } as const;
  const node = await issueLeaf({ ...by(keys.branch, branch), ...leaf });
  return { rootFingerprint: fingerprintOf(root), ua, acme, kyiv, keys, region, enterprise, branch, node, nodeKey };
}
