// Who can reach whom, and by what right.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertifiedRealm } from '../../node/ledger/ledger.ts';
import { Reach, type ReachComponents } from '../../node/reach.ts';
import type { Terms } from '../../src/protocols/trust/index.ts';
import { parentOf, parseRealmName, type RealmName, type Tier } from '../../src/realm/names.ts';

const realmOf = (name: string, tier: Tier): CertifiedRealm => {
  const realm = parseRealmName(name);
  return { realm, tier, issuer: parentOf(realm) ?? realm, chain: new Uint8Array(), relays: [] };
};
const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const ODESA = parseRealmName('odesa.beta.ua');
const ACME = parseRealmName('acme.ua');
const TERMS: Terms = {
  id: '55'.repeat(16),
  proposer: KYIV,
  accepter: ODESA,
  direction: 'outward',
  from: 0,
  until: 9,
  proposerPeople: [],
  accepterPeople: [],
  presence: false,
};

function reach(change: Partial<ReachComponents> = {}): Reach {
  return new Reach({
    realm: KYIV,
    lineage: [
      { realm: KYIV, tier: 'branch' },
      { realm: ACME, tier: 'enterprise' },
      { realm: parseRealmName('ua'), tier: 'region' },
    ],
    ledger: {
      realms: () => [
        realmOf('acme.ua', 'enterprise'),
        realmOf('beta.ua', 'enterprise'),
        realmOf('lviv.acme.ua', 'branch'),
      ],
    },
    charter: { isRealmRevoked: () => false },
    table: { between: () => undefined },
    policies: { forbids: () => undefined },
    ...change,
  });
}

const told = (of: Reach, to: RealmName, from = KYIV) => of.pairs({ from, to })[0];
const WITH_TRUST: ReachComponents['table'] = {
  between: (a, b) => ([a, b].toSorted().join() === [KYIV, ODESA].toSorted().join() ? TERMS : undefined),
};

test('kin reach each other directly, others from tier to tier, another root not at all', () => {
  assert.deepEqual(
    [told(reach(), LVIV)?.way, told(reach(), ACME)?.way, told(reach(), KYIV)?.way],
    ['direct', 'direct', 'own'],
  );
  const abroad = told(reach(), ODESA);
  assert.deepEqual(
    [abroad?.way, abroad?.over],
    ['tiers', ['kyiv.acme.ua', 'acme.ua', 'ua', 'beta.ua', 'odesa.beta.ua']],
  );
  const region = told(reach(), parseRealmName('ua'));
  assert.deepEqual([region?.way, region?.because], ['tiers', 'ancestor: from tier to tier']);
  assert.equal(abroad?.because, 'no trust: from tier to tier');
  assert.equal(told(reach(), parseRealmName('odesa.beta.pl'))?.way, 'none');
});

test('a trust is named with what it allows, in its direction alone', () => {
  const of = reach({ table: WITH_TRUST });
  assert.deepEqual([told(of, ODESA)?.way, told(of, ODESA)?.trust?.id], ['direct', TERMS.id]);
  const back = told(of, KYIV, ODESA);
  assert.equal(back?.way, 'none');
  assert.match(back?.because ?? '', /lets only kyiv\.acme\.ua write to odesa\.beta\.ua/);
});

test('what a policy forbids and who is revoked is not reached', () => {
  const forbidden = told(
    reach({ table: WITH_TRUST, policies: { forbids: (_, to) => (to === ODESA ? ACME : undefined) } }),
    ODESA,
  );
  assert.deepEqual([forbidden?.way, forbidden?.because], ['none', 'the policy "destinations" of acme.ua forbids it']);
  const revoked = told(reach({ charter: { isRealmRevoked: (realm) => realm === ODESA } }), ODESA);
  assert.deepEqual([revoked?.way, revoked?.because], ['none', 'odesa.beta.ua is revoked']);
});

test('without a destination all known realms are told, but not oneself', () => {
  const rows = reach().pairs({});
  assert.deepEqual(
    rows.map(({ to }) => to),
    ['acme.ua', 'beta.ua', 'lviv.acme.ua', 'ua'],
  );
});
