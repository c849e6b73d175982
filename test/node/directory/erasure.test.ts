// A user is removed: the record with the name is erased at home and at all who followed, and leaves the files of the database.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { photoName } from '../../../src/realm/photo.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { openLevelEngine } from '../../../src/store/level-engine.ts';
import { acme, eventually, kyiv, signerOf, text } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { openBranch } from './branch.ts';
import { OpaqueClient } from './opaque-client.ts';

const LIMIT = { timeout: 60_000 };
const NAME = 'Solomiia-Unmistakable';
const CLERK = parseLogin('clerk');

const MARK = 'unmistakable-picture';
/** The head of a WebP of 144 points a side. */
const PHOTO = new Uint8Array(
  Buffer.concat([Buffer.from('UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAjwAAjwAA', 'base64'), Buffer.from(MARK)]),
);

/** A realm's node on a real database, and where that lies; both are gone after the test, however it ends. */
async function openOnDisk(t: TestContext, realm: typeof kyiv, networks: PairedNetworks) {
  const path = await mkdtemp(join(tmpdir(), 'canopy-erasure-'));
  const opened = await openBranch(realm, {
    networks,
    engine: await openLevelEngine(path),
    signer: await signerOf(realm),
  });
  t.after(async () => {
    await opened.stop().catch(() => undefined);
    await rm(path, { recursive: true, force: true });
  });
  await opened.start();
  return { ...opened, path };
}

/** A file may go while it is about to be read; then all are looked at anew. */
async function isOnDisk(path: string, what: string): Promise<boolean> {
  for (const file of await readdir(path)) {
    const bytes = await readFile(join(path, file)).catch(() => undefined);
    if (!bytes) return isOnDisk(path, what);
    if (bytes.includes(what)) return true;
  }
  return false;
}

test('nothing of the name remains in the files of either end', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const house = await openOnDisk(t, acme, networks);
  const branch = await openOnDisk(t, kyiv, networks);
  await house.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: text('kyiv') });
  const clerk = await new OpaqueClient(branch.accounts, kyiv).addUser('clerk', 'pw', NAME);
  await new OpaqueClient(branch.accounts, kyiv).addUser('stays', 'pw', 'Remaining-Colleague');
  await eventually(() => house.directory.list().length === 2);
  assert.deepEqual([await isOnDisk(branch.path, NAME), await isOnDisk(house.path, NAME)], [true, true]);

  await branch.accounts.remove(CLERK, 'operator');
  await eventually(() => house.directory.findById(clerk.id) === undefined);
  await eventually(async () => !(await isOnDisk(house.path, NAME)));
  assert.equal(await isOnDisk(branch.path, NAME), false);
  await branch.stop();
  await house.stop();
  for (const { path } of [house, branch]) {
    assert.equal(await isOnDisk(path, NAME), false);
    assert.equal(await isOnDisk(path, 'Remaining-Colleague'), true);
  }
});

test(
  'a photo comes to the other node with the name, stays when the name changes, and leaves with the person',
  LIMIT,
  async (t) => {
    const networks = new PairedNetworks();
    const house = await openOnDisk(t, acme, networks);
    const branch = await openOnDisk(t, kyiv, networks);
    await house.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: text('kyiv') });
    const clerk = await new OpaqueClient(branch.accounts, kyiv).addUser('clerk', 'pw', NAME);
    const seen = () => house.directory.findById(clerk.id);
    await eventually(() => seen() !== undefined);
    assert.equal(seen()?.photo, undefined);
    assert.equal(await house.directory.photoOf(clerk.id), undefined);

    await branch.directory.setPhoto(clerk.id, PHOTO);
    await branch.directory.rename(clerk.id, 'Another');
    await eventually(() => seen()?.name === 'Another' && seen()?.photo === photoName(PHOTO));
    assert.deepEqual(await house.directory.photoOf(clerk.id), PHOTO);
    const script = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
    await assert.rejects(branch.directory.setPhoto(clerk.id, script), { code: 'bad-photo' });
    assert.deepEqual(await branch.directory.photoOf(clerk.id), PHOTO);

    await branch.directory.setPhoto(clerk.id, undefined);
    await eventually(() => seen()?.photo === undefined);
    assert.equal(await isOnDisk(branch.path, MARK), false);

    await branch.directory.setPhoto(clerk.id, PHOTO);
    await eventually(() => seen()?.photo === photoName(PHOTO));
    await branch.accounts.remove(CLERK, 'operator');
    await eventually(() => seen() === undefined);
    await eventually(async () => !(await isOnDisk(house.path, MARK)));
    assert.equal(await isOnDisk(branch.path, MARK), false);
  },
);

test('a department comes to the other node, stays when the name changes, and is erased', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const house = await openOnDisk(t, acme, networks);
  const branch = await openOnDisk(t, kyiv, networks);
  await house.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: text('kyiv') });
  const clerk = await new OpaqueClient(branch.accounts, kyiv).addUser('clerk', 'pw', NAME);
  const seen = () => house.directory.findById(clerk.id);
  await branch.accounts.setDepartment(clerk.id, MARK, 'operator');
  await branch.directory.rename(clerk.id, 'Another');
  await eventually(() => seen()?.name === 'Another' && seen()?.department === MARK);
  await assert.rejects(branch.directory.setDepartment(clerk.id, ' '), { code: 'bad-department' });
  assert.equal(branch.directory.findById(clerk.id)?.department, MARK);

  await branch.accounts.setDepartment(clerk.id, undefined, 'operator');
  await eventually(() => seen()?.department === undefined);
  assert.equal(await isOnDisk(branch.path, MARK), false);

  await branch.accounts.setDepartment(clerk.id, MARK, 'operator');
  await eventually(() => seen()?.department === MARK);
  await branch.accounts.remove(CLERK, 'operator');
  await eventually(() => seen() === undefined);
  await eventually(async () => !(await isOnDisk(house.path, MARK)));
  assert.equal(await isOnDisk(branch.path, MARK), false);
});

test('the chain still stands, and whoever was away erases when it comes back', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const house = await openBranch(acme, { networks });
  const branch = await openBranch(kyiv, { networks });
  for (const one of [house, branch]) {
    t.after(() => one.stop());
    await one.start();
  }
  await house.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: text('kyiv') });
  const clerk = await new OpaqueClient(branch.accounts, kyiv).addUser('clerk', 'pw', NAME);
  await eventually(() => house.directory.findById(clerk.id) !== undefined);
  networks.cut(kyiv);
  await branch.accounts.remove(CLERK);
  assert.ok(house.directory.findById(clerk.id));
  networks.heal(kyiv);
  await eventually(() => house.directory.findById(clerk.id) === undefined);
  await assert.rejects(branch.accounts.remove(CLERK), { code: 'unknown-user' });
  const again = await new OpaqueClient(branch.accounts, kyiv).addUser('clerk', 'pw', 'A successor');
  await eventually(() => house.directory.findByAddress(again.address)?.id === again.id);
});

test('nothing that is changed while a person is being removed brings them back', LIMIT, async (t) => {
  for (const ticks of [0, 1, 2, 4, 8]) {
    const branch = await openBranch(kyiv, { networks: new PairedNetworks(), signer: await signerOf(kyiv) });
    t.after(() => branch.stop());
    await branch.start();
    const clerk = await new OpaqueClient(branch.accounts, kyiv).addUser('clerk', 'pw', NAME);
    const gone = branch.accounts.remove(CLERK, 'operator');
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    const changes = [branch.directory.setPhoto(clerk.id, PHOTO), branch.directory.rename(clerk.id, 'Another')];
    await Promise.allSettled([gone, ...changes]);
    await gone;
    assert.equal(branch.directory.findById(clerk.id), undefined, `after ${ticks} ticks`);
    assert.equal(await branch.directory.recordOf(clerk.id), undefined);
  }
});
