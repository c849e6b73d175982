// Realms and users spread through an enterprise: region, enterprise and two branches in one process over the paired network.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { USER_ADDED } from '../../../src/protocols/ledger/kinds.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { acme, eventually, kyiv, lviv, odesa, signerOf, sumy, ua } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { type Branch, openBranch } from '../directory/branch.ts';
import { OpaqueClient } from '../directory/opaque-client.ts';

const LIMIT = { timeout: 60_000 };
const authority = (text: string) => new TextEncoder().encode(text);

async function company(
  t: TestContext,
  networks: PairedNetworks,
): Promise<{ ua: Branch; acme: Branch; kyiv: Branch; lviv: Branch }> {
  const realms = {
    ua: await openBranch(ua, { networks }),
    acme: await openBranch(acme, { networks }),
    kyiv: await openBranch(kyiv, { networks }),
    lviv: await openBranch(lviv, { networks }),
  };
  for (const branch of Object.values(realms)) {
    t.after(() => branch.stop());
    await branch.start();
  }
  await realms.ua.ledger.certifyRealm({ realm: acme, tier: 'enterprise', chain: authority('acme') });
  await realms.acme.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: authority('kyiv') });
  await realms.acme.ledger.certifyRealm({
    realm: lviv,
    tier: 'branch',
    chain: authority('lviv'),
    relays: ['/ip4/192.0.2.1/tcp/4443'],
  });
  return realms;
}

const login = (text: string) => parseLogin(text);

test('branches learn of each other and of each other’s users', LIMIT, async (t) => {
  const realms = await company(t, new PairedNetworks());
  await new OpaqueClient(realms.kyiv.accounts, kyiv).addUser('clerk', 'pw', 'Олена Коваль');
  const engineer = await new OpaqueClient(realms.lviv.accounts, lviv).addUser('engineer', 'pw', 'Ivan');
  await eventually(() => realms.kyiv.directory.findById(engineer.id) !== undefined);
  await eventually(() => realms.lviv.directory.findByAddress({ login: login('clerk'), realm: kyiv }) !== undefined);
  await eventually(() => realms.acme.directory.list().length === 2);
  assert.deepEqual(realms.kyiv.directory.findById(engineer.id), engineer);
  assert.deepEqual(realms.kyiv.directory.search('eng', 10), [engineer]);
  assert.deepEqual(realms.kyiv.directory.search('engineer@lviv', 10), [engineer]);
  assert.deepEqual(realms.kyiv.directory.search('x', 10), []);
  const known = realms.kyiv.ledger.realms().find(({ realm }) => realm === lviv);
  assert.deepEqual([known?.tier, known?.issuer, known?.relays], ['branch', acme, ['/ip4/192.0.2.1/tcp/4443']]);
  assert.deepEqual(realms.ua.directory.list(), []);
});

test('the chain holds neither login nor name', LIMIT, async (t) => {
  const realms = await company(t, new PairedNetworks());
  await new OpaqueClient(realms.kyiv.accounts, kyiv).addUser('clerk', 'pw', 'Olena');
  const entries = await realms.kyiv.ledger.store.read({ realm: kyiv, chain: 'directory' }, 1, 10, 100_000);
  const all = Buffer.concat(entries);
  assert.ok(all.includes(USER_ADDED));
  assert.ok(!all.includes('clerk') && !all.includes('Olena'));
});

test('a change of status reaches the other branches', LIMIT, async (t) => {
  const realms = await company(t, new PairedNetworks());
  const clerk = await new OpaqueClient(realms.kyiv.accounts, kyiv).addUser('clerk', 'pw');
  await eventually(() => realms.lviv.directory.findById(clerk.id) !== undefined);
  const changed: string[] = [];
  realms.lviv.directory.onChange(({ status }) => changed.push(status));
  await realms.kyiv.accounts.setStatus(clerk.id, 'disabled');
  await eventually(() => realms.lviv.directory.findById(clerk.id)?.status === 'disabled');
  assert.deepEqual(changed, ['disabled']);
});

test(
  'a branch that was away keeps what it has and catches up; a user of an absent branch comes by the enterprise',
  LIMIT,
  async (t) => {
    const networks = new PairedNetworks();
    const realms = await company(t, networks);
    const clerk = await new OpaqueClient(realms.kyiv.accounts, kyiv).addUser('clerk', 'pw');
    await eventually(() => realms.lviv.directory.findById(clerk.id) !== undefined);
    networks.cut(lviv);
    const second = await new OpaqueClient(realms.kyiv.accounts, kyiv).addUser('second', 'pw');
    await eventually(() => realms.acme.directory.findById(second.id) !== undefined);
    assert.ok(realms.lviv.directory.findById(clerk.id));
    assert.equal(realms.lviv.directory.findById(second.id), undefined);
    networks.cut(kyiv);
    networks.heal(lviv);
    await eventually(() => realms.lviv.directory.findById(second.id) !== undefined);
  },
);

test('everything is there again after a power cut', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const disk = new ForgetfulDisk();
  const signer = await signerOf(lviv);
  const realms = await company(t, networks);
  const clerk = await new OpaqueClient(realms.kyiv.accounts, kyiv).addUser('clerk', 'pw');
  await realms.lviv.stop();
  const before = await openBranch(lviv, { networks, disk, signer });
  await before.start();
  const engineer = await new OpaqueClient(before.accounts, lviv).addUser('engineer', 'pw');
  await eventually(() => before.directory.findById(clerk.id) !== undefined);
  disk.powerCut();
  await before.stop().catch(() => undefined);
  const after = await openBranch(lviv, { disk, signer });
  assert.deepEqual(after.directory.findById(clerk.id), clerk);
  assert.deepEqual(after.directory.findById(engineer.id), engineer);
  assert.deepEqual(
    after.ledger.realms().map(({ realm }) => realm),
    [kyiv, lviv, acme],
  );
});

test(
  'branches right below a region learn of each other, and nothing passes between them and an enterprise',
  LIMIT,
  async (t) => {
    const networks = new PairedNetworks();
    const [region, enterprise, one, other] = [
      await openBranch(ua, { networks }),
      await openBranch(acme, { networks }),
      await openBranch(odesa, { networks }),
      await openBranch(sumy, { networks }),
    ];
    for (const branch of [region, enterprise, one, other]) {
      t.after(() => branch.stop());
      await branch.start();
    }
    await region.ledger.certifyRealm({ realm: acme, tier: 'enterprise', chain: authority('acme') });
    await region.ledger.certifyRealm({ realm: odesa, tier: 'branch', chain: authority('odesa') });
    await region.ledger.certifyRealm({ realm: sumy, tier: 'branch', chain: authority('sumy') });
    const owner = await new OpaqueClient(enterprise.accounts, acme).addUser('owner', 'pw');
    const captain = await new OpaqueClient(one.accounts, odesa).addUser('captain', 'pw');
    const farmer = await new OpaqueClient(other.accounts, sumy).addUser('farmer', 'pw');
    await eventually(() => one.directory.findById(farmer.id) !== undefined);
    await eventually(() => other.directory.findByAddress({ login: login('captain'), realm: odesa }) !== undefined);
    await eventually(() => region.directory.list().length === 2);
    assert.deepEqual(enterprise.directory.list(), [owner]);
    assert.deepEqual(new Set(one.directory.list()), new Set([captain, farmer]));
    assert.ok(one.ledger.realms().some(({ realm }) => realm === acme));
    const peer = { role: 'node', peerId: 'x' } as const;
    assert.equal(one.ledger.isColleague({ ...peer, realm: ua, tier: 'region' }), true);
    assert.equal(one.ledger.isColleague({ ...peer, realm: acme, tier: 'enterprise' }), false);
    assert.equal(enterprise.ledger.isColleague({ ...peer, realm: odesa, tier: 'branch' }), false);
  },
);

test('a realm is certified by its parent only, and the same again changes nothing', LIMIT, async (t) => {
  const realms = await company(t, new PairedNetworks());
  const stranger = realms.acme.ledger.certifyRealm({ realm: ua, tier: 'region', chain: authority('ua') });
  await assert.rejects(stranger, { code: 'not-a-child' });
  const head = () => realms.acme.ledger.store.head({ realm: acme, chain: 'network' });
  const { n } = await head();
  await realms.acme.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: authority('kyiv') });
  assert.equal((await head()).n, n);
});

test('the directory is for nodes of the same enterprise', LIMIT, async (t) => {
  const realms = await company(t, new PairedNetworks());
  const node = { tier: 'branch', role: 'node', peerId: 'x' } as const;
  assert.equal(realms.kyiv.ledger.isColleague({ ...node, realm: lviv }), true);
  assert.equal(realms.kyiv.ledger.isColleague({ ...node, realm: ua }), false);
  assert.equal(realms.kyiv.ledger.isColleague({ ...node, role: 'relay', realm: lviv }), false);
});
