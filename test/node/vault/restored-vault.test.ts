// A node that was restored from yesterday's copy has yesterday's vault. Devices give back what they have seen, to the byte; no number and no
// key is used for two states, and whoever wants to use this to put another vault there fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { KeptVault } from '../../../src/client/vault/kept-vault.ts';
import { SealedVault } from '../../../src/client/vault/sealed-vault.ts';
import { Vault } from '../../../src/client/vault/vault.ts';
import type { VaultChange, VaultServer } from '../../../src/client/vault/vault-server.ts';
import { signingKeyOfSeed } from '../../../src/crypto/identity.ts';
import {
  lineAfter,
  readHead,
  signHead,
  stepOf,
  type VaultHead,
  type VaultLine,
} from '../../../src/crypto/vault/head.ts';
import { openWithDevice } from '../../../src/crypto/vault/wraps.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { PeerError } from '../../../src/realm/errors.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { begin, identity, newDevice, type OwnDevice, openService, serverOf, USER, type World } from './vault-world.ts';

const LIMIT = { timeout: 60_000 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A home that can be put back to an older disk while its clients hold on to it. */
class Home {
  world: World;
  readonly changes: VaultChange[] = [];

  constructor(world: World) {
    this.world = world;
  }

  get server(): VaultServer {
    const now = (): VaultServer => serverOf(this.world.service);
    return {
      state: () => now().state(),
      records: (...given) => now().records(...given),
      line: (after) => now().line(after),
      stage: (...given) => now().stage(...given),
      change: async (change) => {
        await now().change(change);
        this.changes.push(change);
      },
    };
  }
}

async function deviceAt(home: Home, { id, key }: OwnDevice) {
  const server = new KeptVault(home.server, USER, await memoryCache());
  let known: VaultHead | undefined;
  const open = async () => {
    const sealed = new SealedVault({
      user: USER,
      identityKey: identity.publicKey,
      server,
      clock: systemClock,
      random: systemRandom,
      known,
      opener: (wraps) => {
        const mine = wraps.find((wrap) => wrap.id === id);
        if (!mine) throw new PeerError('vault-locked', 'no wrap for this device');
        return openWithDevice(USER, mine, key);
      },
    });
    sealed.useIdentity(identity);
    const memory = {
      save: async (head: Uint8Array) => {
        known = readHead(head);
        await server.confirm(head);
      },
    };
    const vault = new Vault({ sealed, server, memory, clock: systemClock, random: systemRandom });
    await vault.refresh();
    return vault;
  };
  return { open };
}

async function restoredHome() {
  const disk = new ForgetfulDisk();
  const home = new Home(await openService(disk));
  const devices = [await newDevice('1'), await newDevice('2')] as const;
  await begin(home.world, devices);
  const [one, two] = [await deviceAt(home, devices[0]), await deviceAt(home, devices[1])];
  const vault = await one.open();
  await vault.put('epoch-key', 'yesterday', bytes('1'));
  const copy = await openService();
  const state = await home.world.service.export(USER);
  assert.ok(state);
  const records: Uint8Array[] = [];
  for await (const record of state.records()) records.push(record);
  const back = async (): Promise<void> => {
    const next = async () => records.shift() ?? new Uint8Array();
    const writes = await copy.service.import(USER, state, state.count, next, async () => state.line);
    await copy.store.commit(writes);
    home.world = copy;
  };
  return { home, one, two, vault, back };
}

test(
  'what was written since yesterday is given back by a device that has seen it, also after its own restart',
  LIMIT,
  async () => {
    const { home, one, two, vault, back } = await restoredHome();
    await vault.put('epoch-key', 'today', bytes('2'));
    await vault.renew();
    await vault.put('epoch-key', 'later', bytes('3'));
    const { counter } = readHead((await home.world.service.state(USER)).head);
    const before = await home.world.service.state(USER);
    await back();
    assert.ok(readHead((await home.world.service.state(USER)).head).counter < counter);
    const again = await one.open();
    assert.deepEqual(again.get('epoch-key', 'later'), bytes('3'));
    assert.deepEqual(await home.world.service.state(USER), before, 'to the byte');
    const other = await two.open();
    assert.deepEqual(
      other
        .list('epoch-key')
        .map(({ key }) => key)
        .sort(),
      ['later', 'today', 'yesterday'],
    );
    await other.put('epoch-key', 'tomorrow', bytes('4'));
    await again.refresh();
    assert.deepEqual(again.get('epoch-key', 'tomorrow'), bytes('4'));
  },
);

test('one lost change is given back like many, by a device that never ended', LIMIT, async () => {
  const { home, vault, back } = await restoredHome();
  await vault.put('epoch-key', 'today', bytes('2'));
  const before = await home.world.service.state(USER);
  await back();
  await vault.refresh();
  assert.deepEqual(await home.world.service.state(USER), before);
  await vault.put('epoch-key', 'tomorrow', bytes('3'));
});

test('over a restore no number stands for two states', LIMIT, async () => {
  const { home, one, two, vault, back } = await restoredHome();
  await two.open();
  for (let n = 0; n < 4; n++) await vault.put('draft', `${n}`, bytes(`${n}`));
  await back();
  const [first, second] = await Promise.all([one.open(), two.open()]);
  await Promise.all([first.put('draft', 'a', bytes('a')), second.put('draft', 'b', bytes('b'))]);
  const heads = home.changes.map(({ head }) => readHead(head));
  const states = new Map(heads.map((head) => [head.counter, head]));
  for (const head of heads) assert.deepEqual(head, states.get(head.counter), `two states ${head.counter}`);
  await first.refresh();
  assert.deepEqual(
    first
      .list('draft')
      .map(({ key }) => key)
      .sort(),
    ['0', '1', '2', '3', 'a', 'b'],
  );
});

test('what is given back must be signed by the identity, be newer and be whole', LIMIT, async () => {
  const { home, vault } = await restoredHome();
  const early = await home.world.service.state(USER);
  await vault.put('draft', 'a', bytes('a'));
  const { service } = home.world;
  const now = await service.state(USER);
  const head = readHead(now.head);
  const records = await service.records(USER, head.generation, 0);
  await service.stage(USER, 'ab'.repeat(12), 1, records);
  const give = (bytes: Uint8Array) =>
    service.change(USER, { head: bytes, wraps: now.wraps, records: [], stage: 'ab'.repeat(12) });
  const forged = signHead(signingKeyOfSeed(new Uint8Array(32).fill(1)), { ...head, counter: head.counter + 5 });
  await assert.rejects(give(forged), { code: 'vault-head-forged' });
  await assert.rejects(give(early.head), { code: 'vault-conflict' });
  await assert.rejects(give(now.head), { code: 'vault-conflict' });
  const core = { ...head, counter: head.counter + 1, sequence: head.sequence + 1 };
  const longer = signHead(identity, { ...core, line: lineAfter(head.line, [stepOf(core)]) });
  await assert.rejects(give(longer), { code: 'vault-conflict' });
  assert.deepEqual(await service.state(USER), now);
});

test('a branch that a newer counter hides is refused at a cold start, and takes nothing away', LIMIT, async () => {
  const { home, one, two, vault, back } = await restoredHome();
  await vault.put('epoch-key', 'today', bytes('2'));
  await back();
  const other = await two.open();
  for (let n = 0; n < 3; n++) await other.put('draft', `${n}`, bytes(`${n}`));
  const shown = await home.world.service.state(USER);
  await assert.rejects(one.open(), { code: 'vault-forked' });
  await assert.rejects(vault.refresh(), { code: 'vault-forked' });
  assert.deepEqual(vault.get('epoch-key', 'today'), bytes('2'));
  assert.deepEqual(await home.world.service.state(USER), shown, 'nor is the branch written over');
});

test('a server that shows another line, a part of it or none proves nothing', LIMIT, async () => {
  const { home, one, two, vault } = await restoredHome();
  const other = await two.open();
  for (let n = 0; n < 4; n++) await other.put('draft', `${n}`, bytes(`${n}`));
  const { service } = home.world;
  const honest = service.line.bind(service);
  const lies: ((line: VaultLine) => VaultLine)[] = [
    ({ line }) => ({ line, steps: [] }),
    ({ line, steps }) => ({ line, steps: steps.slice(1) }),
    ({ line, steps }) => ({ line, steps: steps.toReversed() }),
    ({ line, steps }) => ({ line, steps: steps.map((step, at) => (at === 1 ? new Uint8Array(32) : step)) }),
  ];
  for (const lie of lies) {
    service.line = async (...given) => lie(await honest(...given));
    await assert.rejects(vault.refresh(), { code: 'vault-forked' });
    await assert.rejects(one.open(), { code: 'vault-forked' });
  }
  service.line = honest;
  assert.deepEqual((await one.open()).get('draft', '3'), bytes('3'));
});

test('what was given back proves itself to a device that saw only a part of it', LIMIT, async () => {
  const { home, one, two, vault, back } = await restoredHome();
  await vault.put('epoch-key', 'today', bytes('2'));
  await two.open();
  for (let n = 0; n < 4; n++) await vault.put('draft', `${n}`, bytes(`${n}`));
  await vault.renew();
  await back();
  await vault.refresh();
  const { counter } = readHead((await home.world.service.state(USER)).head);
  assert.equal((await home.world.service.line(USER, 0)).steps.length, counter, 'no step is missing');
  assert.deepEqual((await two.open()).get('draft', '3'), bytes('3'));
  await one.open();
});
