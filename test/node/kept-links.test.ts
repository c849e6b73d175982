// Which links a node asks its relay to keep.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptLinks } from '../../node/kept-links.ts';
import type { CertifiedRealm } from '../../node/ledger/ledger.ts';
import { parseRealmName, type Tier } from '../../src/realm/names.ts';

const placed = (name: string, tier: Tier) => ({ realm: parseRealmName(name), tier });
const certified = (name: string, tier: Tier): CertifiedRealm => ({
  ...placed(name, tier),
  issuer: parseRealmName('acme.ua'),
  chain: new Uint8Array(),
  relays: [],
});

const NO_TRUSTS = { partners: () => [], onChange: () => () => {} };

test('a branch right below a region keeps links to its region and to such branches, and not to enterprises', () => {
  const kept: string[][] = [];
  const links = new KeptLinks({
    network: { keep: (names) => void kept.push([...names]) },
    ledger: {
      realms: () => [certified('acme.ua', 'enterprise'), certified('sumy.ua', 'branch')],
      onRealm: () => () => {},
    },
    trusts: NO_TRUSTS,
    lineage: [placed('odesa.ua', 'branch'), placed('ua', 'region')],
  });
  links.start();
  links.stop();
  assert.deepEqual(kept, [['ua', 'sumy.ua']]);
});

test('links are kept to parent and siblings, anew when a realm is certified, and not to strangers', () => {
  const realms = [
    certified('kyiv.acme.ua', 'branch'),
    certified('lviv.acme.ua', 'branch'),
    certified('other.ua', 'enterprise'),
  ];
  const kept: string[][] = [];
  const listeners = new Set<(realm: CertifiedRealm) => void>();
  const links = new KeptLinks({
    network: { keep: (names) => void kept.push([...names]) },
    ledger: {
      realms: () => realms,
      onRealm: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    trusts: NO_TRUSTS,
    lineage: [placed('kyiv.acme.ua', 'branch'), placed('acme.ua', 'enterprise'), placed('ua', 'region')],
  });
  links.start();
  assert.deepEqual(kept, [['acme.ua', 'lviv.acme.ua']]);
  const odesa = certified('odesa.acme.ua', 'branch');
  realms.push(odesa);
  for (const listener of listeners) listener(odesa);
  assert.deepEqual(kept.at(-1), ['acme.ua', 'lviv.acme.ua', 'odesa.acme.ua']);
  links.stop();
  assert.equal(listeners.size, 0);
});

test('links are kept to realms with a trust, and no longer once it has ended', () => {
  const kept: string[][] = [];
  const partners = [parseRealmName('kyiv.beta.ua')];
  const listeners = new Set<() => void>();
  const links = new KeptLinks({
    network: { keep: (names) => void kept.push([...names]) },
    ledger: { realms: () => [certified('kyiv.beta.ua', 'branch')], onRealm: () => () => {} },
    trusts: {
      partners: () => partners,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    lineage: [placed('kyiv.acme.ua', 'branch'), placed('acme.ua', 'enterprise')],
  });
  links.start();
  partners.pop();
  for (const listener of listeners) listener();
  links.stop();
  assert.deepEqual(kept, [['acme.ua', 'kyiv.beta.ua'], ['acme.ua']]);
  assert.equal(listeners.size, 0);
});
