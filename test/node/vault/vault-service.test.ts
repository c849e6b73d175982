// Vaults at their home node, with the client's own code on the other side: what is acknowledged is on disk, what is not has changed
// nothing, and two devices never overwrite each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Vault } from '../../../src/client/vault/vault.ts';
import { signingKeyOfSeed } from '../../../src/crypto/identity.ts';
import { lineAfter, readHead, signHead, stepOf, type VaultHead } from '../../../src/crypto/vault/head.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { begin, identity, newDevice, openService, openVault, USER } from './vault-world.ts';

const LIMIT = { timeout: 60_000 };
const OTHER = parseUserId('00000000-0000-4000-8000-000000000002');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('what was put is there for another device, and after a power cut', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const devices = [await newDevice('1'), await newDevice('2')] as const;
  const world = await openService(disk);
  await begin(world, devices);
  const one = await openVault(world, devices[0]);
  await one.put('draft', 'a', bytes('hello'));
  await one.put('draft', 'b', bytes('gone'));
  await one.delete('draft', 'b');
  disk.powerCut();
  const two = await openVault(await openService(disk), devices[1]);
  assert.deepEqual(
    two.list('draft').map(({ key, value }) => [key, value]),
    [['a', bytes('hello')]],
  );
});

test('a power cut in the middle of a change leaves the vault as it was before or as it is after', LIMIT, async () => {
  const changes: ((vault: Vault) => Promise<void>)[] = [
    (vault) => vault.put('draft', 'a', bytes('after')),
    (vault) => vault.renew().then(() => vault.put('draft', 'a', bytes('after'))),
  ];
  const seen = new Set<string>();
  for (const change of changes) {
    // As late as it takes for the change to be through: the last cut of each comes after it.
    let wasAcknowledged = false;
    for (let ticks = 0; !wasAcknowledged && ticks < 10_000; ticks = Math.ceil((ticks + 1) * 1.3)) {
      const disk = new ForgetfulDisk();
      const device = await newDevice('1');
      const world = await openService(disk);
      await begin(world, [device]);
      const vault = await openVault(world, device);
      await vault.put('draft', 'a', bytes('before'));
      let acknowledged = false;
      change(vault).then(
        () => (acknowledged = true),
        () => undefined,
      );
      for (let tick = 0; tick < ticks; tick++) await new Promise((resolve) => setImmediate(resolve));
      wasAcknowledged = acknowledged;
      disk.powerCut();
      const again = await openVault(await openService(disk), device);
      const value = new TextDecoder().decode(again.get('draft', 'a'));
      assert.ok(value === 'before' || value === 'after', value);
      if (wasAcknowledged) assert.equal(value, 'after');
      await again.put('draft', 'a', bytes('goes on'));
      seen.add(value);
    }
  }
  assert.deepEqual([...seen].sort(), ['after', 'before']);
});

test('many devices write at once, and every one of their entries is there', LIMIT, async () => {
  const devices = await Promise.all(Array.from({ length: 5 }, (_, n) => newDevice(`${n}`)));
  const world = await openService();
  await begin(world, devices);
  const vaults = await Promise.all(devices.map((device) => openVault(world, device)));
  const puts = vaults.flatMap((vault, n) =>
    Array.from({ length: 8 }, (_, m) => vault.put('read', `${n}/${m}`, bytes(`${m}`))),
  );
  await Promise.all(puts);
  await Promise.all(vaults.map((vault) => vault.refresh()));
  const [first, ...others] = vaults.map((vault) => vault.list('read').sort((a, b) => (a.key < b.key ? -1 : 1)));
  assert.equal(first?.length, 40);
  for (const list of others) assert.deepEqual(list, first);
  assert.ok((world.service.counters()['conflicts'] ?? 0) > 0);
});

test('a long log is packed: entries stay, records become few, and the others come along', LIMIT, async () => {
  const devices = [await newDevice('1'), await newDevice('2')] as const;
  const world = await openService();
  await begin(world, devices);
  const one = await openVault(world, devices[0]);
  const two = await openVault(world, devices[1]);
  for (let n = 0; n < 300; n++) await one.put('epoch-key', `${n % 100}`, bytes(`key ${n}`));
  const { generation, sequence } = one.head ?? assert.fail();
  assert.ok(generation > 1 && sequence < 100, `generation ${generation}, ${sequence} records`);
  await two.refresh();
  assert.equal(two.list('epoch-key').length, 100);
  assert.deepEqual(two.get('epoch-key', '42'), bytes('key 242'));
  await two.put('epoch-key', '42', bytes('newer'));
  await one.refresh();
  assert.deepEqual(one.get('epoch-key', '42'), bytes('newer'));
});

test('a device whose wrap does not stay reads nothing that comes later', LIMIT, async () => {
  const devices = [await newDevice('1'), await newDevice('2')] as const;
  const world = await openService();
  await begin(world, devices);
  const one = await openVault(world, devices[0]);
  const lost = await openVault(world, devices[1]);
  await one.renew(({ id }) => id !== '2');
  await one.put('draft', 'secret', bytes('later'));
  await assert.rejects(lost.refresh(), { code: 'vault-locked' });
  await assert.rejects(openVault(world, devices[1]), { code: 'vault-locked' });
});

test(
  'a session without the identity ruins nothing: every change is signed, counted, and of the right length',
  LIMIT,
  async () => {
    const device = await newDevice('1');
    const world = await openService();
    await begin(world, [device]);
    const vault = await openVault(world, device);
    await vault.put('draft', 'a', bytes('a'));
    const { head: shown } = await world.service.state(USER);
    const head = readHead(shown);
    const next = { ...head, counter: head.counter + 1, sequence: head.sequence + 1 };
    const thief = signingKeyOfSeed(new Uint8Array(32).fill(9));
    const records = [new Uint8Array(64)];
    const by = (key: typeof thief, change: Partial<VaultHead>) => {
      const core = { ...next, ...change };
      return signHead(key, { ...core, line: change.line ?? lineAfter(head.line, [stepOf(core)]) });
    };
    const refused = async (bytes: Uint8Array, code: string, more = records) =>
      assert.rejects(world.service.change(USER, { head: bytes, records: more }), { code });
    await refused(by(thief, {}), 'vault-head-forged');
    await refused(by(identity, { counter: head.counter }), 'vault-conflict');
    await refused(by(identity, { counter: head.counter + 2 }), 'vault-conflict');
    await refused(by(identity, { line: head.line }), 'vault-conflict');
    await refused(by(identity, { sequence: head.sequence + 2 }), 'vault-change-unfitting');
    await refused(by(identity, { generation: 2 }), 'vault-change-unfitting');
    await refused(by(identity, { wraps: new Uint8Array(32) }), 'vault-change-unfitting');
    await refused(by(identity, {}), 'vault-change-unfitting', [new Uint8Array(4)]);
    assert.deepEqual(vault.get('draft', 'a'), bytes('a'));
    await vault.put('draft', 'a', bytes('b'));
    await assert.rejects(world.service.state(OTHER), { code: 'vault-none' });
  },
);

test('what is staged beside a vault is one set and no more, however it is named', LIMIT, async () => {
  const world = await openService();
  await begin(world, [await newDevice('1')]);
  const stage = (name: string, first: number) => world.service.stage(USER, name, first, [new Uint8Array(1000)]);
  await assert.rejects(stage('a'.repeat(16), 2), { code: 'vault-conflict' });
  await stage('a'.repeat(16), 1);
  await stage('a'.repeat(16), 2);
  await stage('b'.repeat(16), 1);
  await assert.rejects(stage('a'.repeat(16), 3), { code: 'vault-conflict' });
  await stage('b'.repeat(16), 2);
});
