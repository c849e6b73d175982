// Fault case 25: yesterday's backup is restored. Peers fill it up, it takes a new incarnation, and no number is used twice.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ChainId } from '../../../src/protocols/ledger/entry.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { acme, eventually, kyiv, lviv, signerOf, text, ua } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { type GuardedOptions, type GuardedRealm, openGuarded } from './guarded-realm.ts';

const LIMIT = { timeout: 40_000 };
const KYIV: ChainId = { realm: kyiv, chain: 'network' };
const authority = (name: string) => text(name);

async function run(t: TestContext, realm: GuardedRealm): Promise<GuardedRealm> {
  t.after(() => realm.stop().catch(() => undefined));
  await realm.start();
  return realm;
}

const note = (realm: GuardedRealm, payload: string) =>
  realm.ledger.append({ chain: 'network', kind: 'note', payload: text(payload) });

const headOf = async (at: GuardedRealm, id: ChainId = KYIV) => (await at.ledger.store.head(id)).n;

/** The region, the enterprise and two branches; kyiv has written `a` and `b`, and all have them. */
async function company(t: TestContext, kyivOptions: Partial<GuardedOptions> = {}) {
  const networks = new PairedNetworks();
  const region = await run(t, await openGuarded(ua, { networks }));
  const house = await run(t, await openGuarded(acme, { networks }));
  const signer = await signerOf(kyiv);
  const options = { networks, signer, followers: [lviv], ...kyivOptions };
  const branch = await run(t, await openGuarded(kyiv, options));
  const other = await run(t, await openGuarded(lviv, { networks, followers: [kyiv] }));
  await region.ledger.certifyRealm({ realm: acme, tier: 'enterprise', chain: authority('acme') });
  await house.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: authority('kyiv') });
  await house.ledger.certifyRealm({ realm: lviv, tier: 'branch', chain: authority('lviv') });
  await note(branch, 'a');
  await eventually(async () => (await headOf(house)) === 2 && (await headOf(other)) === 2);
  return { networks, region, house, branch, other, options };
}

/** What the disk holds now, on a disk of its own. */
async function backupOf(realm: GuardedRealm): Promise<ForgetfulDisk> {
  const disk = new ForgetfulDisk();
  const engine = disk.openEngine();
  const everything = { gte: new Uint8Array(), lt: new Uint8Array(16).fill(0xff) };
  for await (const [key, value] of realm.database.iterate(everything))
    await engine.write([{ type: 'put', key, value }]);
  await engine.close();
  return disk;
}

test('yesterday’s backup is filled up, takes a certified incarnation, and uses no number twice', LIMIT, async (t) => {
  const { house, branch, other, options } = await company(t);
  const backup = await backupOf(branch);
  await note(branch, 'b');
  await note(branch, 'c');
  await eventually(async () => (await headOf(house)) === 4 && (await headOf(other)) === 4);
  await branch.stop();

  const restored = await run(t, await openGuarded(kyiv, { ...options, disk: backup, verdict: 'restored' }));
  await assert.rejects(note(restored, 'too early'), { code: 'read-only' });
  await eventually(() => restored.reopened === 1);
  assert.equal(await headOf(restored), 4);
  assert.ok((await restored.audit.tail(10)).some(({ code }) => code === 'incarnation-renewed'));
  await restored.stop();

  const again = await run(t, await openGuarded(kyiv, { ...options, disk: backup }));
  await note(again, 'd');
  assert.equal(again.reopened, 0);
  const written = await again.ledger.store.get(KYIV, 6);
  assert.deepEqual([written?.entry.kind, written?.entry.incarnation], ['note', 2]);
  await eventually(async () => (await headOf(house)) === 6 && (await headOf(other)) === 6);
  assert.deepEqual([...(await house.ledger.proofs.list()), ...(await other.ledger.proofs.list())], []);
});

test('a plain restart that finds itself behind stops writing and does the same', LIMIT, async (t) => {
  const { house, branch, options } = await company(t);
  const backup = await backupOf(branch);
  await note(branch, 'b');
  await eventually(async () => (await headOf(house)) === 3);
  await branch.stop();
  const stale = await run(t, await openGuarded(kyiv, { ...options, disk: backup, verdict: 'same' }));
  await eventually(() => stale.reopened === 1);
  assert.equal(await headOf(stale), 3);
});

test('what only the outbox numbered is noticed, too', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const inbound = new Map([[kyiv, { incarnation: 1, n: 57 }]]);
  await run(t, await openGuarded(ua, { networks }));
  await run(t, await openGuarded(acme, { networks, followers: [kyiv], inbound }));
  const branch = await run(t, await openGuarded(kyiv, { networks }));
  await eventually(() => branch.reopened === 1);
  assert.equal(branch.permit.withheld, 'behind');
});

test('a plain restart alone may write; a restored copy alone may not, until the operator says so', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const disk = new ForgetfulDisk();
  const plain = await run(t, await openGuarded(kyiv, { networks, disk, verdict: 'same' }));
  await note(plain, 'for my own house');
  await plain.stop();
  const copy = await run(t, await openGuarded(kyiv, { networks, disk, verdict: 'restored' }));
  await assert.rejects(note(copy, 'no'), { code: 'read-only' });
  await copy.guard.confirm();
  await note(copy, 'yes');
  const codes = (await copy.audit.tail(10)).map(({ code }) => code);
  assert.ok(codes.includes('restored-copy') && codes.includes('incarnation-confirmed'), codes.join());
  await assert.rejects(copy.guard.confirm(), { code: 'nothing-to-confirm' });
});

test('a region is certified by nobody: one of its followers is witness enough', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const signer = await signerOf(ua);
  const region = await run(t, await openGuarded(ua, { networks, signer }));
  const below = await run(t, await openGuarded(acme, { networks }));
  const backup = await backupOf(region);
  await note(region, 'lost');
  await eventually(async () => (await headOf(below, { realm: ua, chain: 'network' })) === 2);
  await region.stop();
  const restored = await openGuarded(ua, { networks, signer, disk: backup, verdict: 'restored', followers: [acme] });
  await run(t, restored);
  await eventually(() => restored.reopened === 1);
  assert.equal(await headOf(restored, { realm: ua, chain: 'network' }), 2);
});

test('numbers that were given out twice stop the node and are proven at its witnesses', LIMIT, async (t) => {
  const { networks, house, branch, options } = await company(t);
  const backup = await backupOf(branch);
  await note(branch, 'b');
  await eventually(async () => (await headOf(house)) === 3);
  await branch.stop();
  networks.cut(kyiv);
  const twin = await run(t, await openGuarded(kyiv, { ...options, disk: backup, verdict: 'same' }));
  await note(twin, 'another b');
  await note(twin, 'and c');
  networks.heal(kyiv);
  networks.heal(acme);
  await eventually(async () => (await house.ledger.proofs.list()).length === 1);
  await eventually(() => house.ledger.warnings().length > 0);
});

test('a realm that was convicted comes back with an incarnation that the realm above certifies', LIMIT, async (t) => {
  const { networks, house, branch, other, options } = await company(t);
  const backup = await backupOf(branch);
  await note(branch, 'b');
  await eventually(async () => (await headOf(house)) === 3 && (await headOf(other)) === 3);
  await branch.stop();
  networks.cut(kyiv);
  const twin = await run(t, await openGuarded(kyiv, { ...options, disk: backup, verdict: 'same' }));
  await note(twin, 'another b');
  await note(twin, 'and c');
  networks.heal(kyiv);
  networks.heal(acme);
  networks.heal(lviv);
  for (const one of [house, other]) await eventually(() => one.ledger.warnings().some((what) => what.includes(kyiv)));
  await eventually(() => twin.permit.withheld === 'forked' || twin.ledger.warnings().length > 0);
  await twin.guard.confirm();
  await eventually(() => twin.reopened === 1);
  await twin.stop();
  const back = await run(t, await openGuarded(kyiv, { ...options, disk: backup, verdict: 'same' }));
  assert.equal(back.guard.state().incarnation, 2);
  await eventually(() => back.permit.withheld === undefined);
  await eventually(async () => (await back.ledger.store.head(KYIV)).incarnation === 2);
  await back.ledger.countersign();
  const end = async (at: GuardedRealm) => Buffer.from((await at.ledger.store.head(KYIV)).hash).toString('hex');
  for (const one of [house, other]) {
    await eventually(async () => (await end(one)) === (await end(back)));
    await one.ledger.countersign();
    assert.equal(one.ledger.counters()['convicted'], 0);
    assert.ok((await one.audit.tail(50)).some(({ code, actor }) => code === 'ledger-resumed' && actor === kyiv));
    assert.ok((await one.audit.tail(50)).some(({ code, actor }) => code === 'ledger-rewound' && actor === kyiv));
  }
  await note(back, 'd');
  for (const one of [house, other]) await eventually(async () => (await end(one)) === (await end(back)));
});

test('nobody but the realm above certifies an incarnation', LIMIT, async (t) => {
  const { house, region } = await company(t);
  const stranger = parseRealmName('sumy.ua');
  for (const [book, realm] of [
    [house, ua],
    [region, kyiv],
    [house, stranger],
  ] as const) {
    const networks = new PairedNetworks();
    const asked = await openGuarded(book.realm, { networks });
    t.after(() => asked.database.close());
    await assert.rejects(bookOf(asked).certify(realm), { code: 'scope' });
  }
});

function bookOf({ guard }: GuardedRealm) {
  return guard.book;
}
