// A child's partners stand elsewhere in the region: the parent follows their chains for it, from the realms above, and only those.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForChildren } from '../../../node/ledger/for-children.ts';
import type { ChainId } from '../../../src/protocols/ledger/entry.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { acme, eventually, kyiv, lviv, odesa, text, ua } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { openBranch } from '../directory/branch.ts';

const LIMIT = { timeout: 60_000 };
const network = (realm: RealmName): ChainId => ({ realm, chain: 'network' });
const elsewhere = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => network(parseRealmName(`${prefix}${i}.beta.ua`)));

test('a child gets the chain of a partner that is away, which only those above hold', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const [region, house, child, partner] = [
    await openBranch(ua, { networks }),
    await openBranch(acme, { networks }),
    await openBranch(kyiv, { networks }),
    await openBranch(odesa, { networks }),
  ];
  for (const branch of [region, house, child, partner]) {
    t.after(() => branch.stop());
    await branch.start();
  }
  await region.ledger.certifyRealm({ realm: acme, tier: 'enterprise', chain: text('acme') });
  await region.ledger.certifyRealm({ realm: odesa, tier: 'branch', chain: text('odesa') });
  await house.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: text('kyiv') });
  await partner.ledger.append({ chain: 'network', kind: 'note', payload: text('a revocation') });
  const { n } = await partner.ledger.store.head(network(odesa));
  await eventually(async () => (await region.ledger.store.head(network(odesa))).n === n);
  assert.equal((await house.ledger.store.head(network(odesa))).n, 0, 'nobody has asked yet');
  networks.cut(odesa);
  child.ledger.followPartners([odesa]);
  await eventually(async () => (await child.ledger.store.head(network(odesa))).n === n);
  assert.equal((await house.ledger.store.head(network(odesa))).n, n);
});

test('only a child may ask, and only for network chains of the region that are not of the own line', () => {
  const chains = new ForChildren(acme);
  const beta = network(parseRealmName('beta.ua'));
  for (const stranger of [acme, ua, odesa, parseRealmName('deep.kyiv.acme.ua')]) {
    assert.equal(chains.asked(stranger, [beta]), false, stranger);
  }
  const directory: ChainId = { ...beta, chain: 'directory' };
  const foreign = network(parseRealmName('beta.pl'));
  assert.equal(chains.asked(kyiv, [directory, foreign, network(ua), network(acme), network(lviv)]), false);
  assert.deepEqual(chains.addedTo([network(ua)]), [network(ua)]);
  assert.equal(chains.asked(kyiv, [beta]), true);
  assert.equal(chains.asked(lviv, [beta]), false, 'it is followed already');
  assert.deepEqual(chains.addedTo([network(ua)]), [network(ua), beta]);
  assert.deepEqual(chains.addedTo([beta]), [beta], 'what is wanted anyway stands there once');
});

test('a region follows for nobody: all that is below it is its own', () => {
  const chains = new ForChildren(ua);
  assert.equal(chains.asked(acme, [network(odesa), network(parseRealmName('beta.pl'))]), false);
});

test('what is followed for children is bounded, for one of them and for all', () => {
  const chains = new ForChildren(acme);
  assert.equal(chains.asked(kyiv, elsewhere(5000, 'a')), true);
  const ofOne = chains.addedTo([]).length;
  assert.equal(ofOne, 128);
  assert.equal(chains.asked(kyiv, elsewhere(1, 'b')), false);
  assert.equal(chains.asked(lviv, elsewhere(1, 'b')), true, 'there is room for the others');
  for (let i = 0; i < 20; i++) chains.asked(parseRealmName(`b${i}.acme.ua`), elsewhere(300, `c${i}-`));
  assert.equal(chains.addedTo([]).length, 1024);
});
