// The vault's copy on a device: whole or not there, never believed more than a server, and no fetch twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { KeptVault } from '../../../src/client/vault/kept-vault.ts';
import { SealedVault } from '../../../src/client/vault/sealed-vault.ts';
import { Vault } from '../../../src/client/vault/vault.ts';
import type { VaultChange, VaultServer, VaultState } from '../../../src/client/vault/vault-server.ts';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { LINE_START, readHead, stepOf, type VaultLine } from '../../../src/crypto/vault/head.ts';
import { deviceTarget, openWithDevice } from '../../../src/crypto/vault/wraps.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { ConflictError, UnreachableError } from '../../../src/realm/errors.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';

const USER = parseUserId('10000000-0000-4000-8000-000000000001');
const LIMIT = { timeout: 20_000 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A server in memory that counts what it is asked for, and may be away. */
class Server implements VaultServer {
  isAway = false;
  asked = 0;
  shown: VaultState | undefined;
  readonly heads: Uint8Array[] = [];
  all: Uint8Array[] = [];
  readonly #staged: Uint8Array[] = [];

  async state(): Promise<VaultState | undefined> {
    this.#present();
    return this.shown;
  }

  async line(after: number): Promise<VaultLine> {
    this.#present();
    const heads = this.heads.map(readHead);
    return { line: heads[after - 1]?.line ?? LINE_START, steps: heads.slice(after).map(stepOf) };
  }

  async records(_generation: number, after: number): Promise<Uint8Array[]> {
    this.#present();
    this.asked++;
    return this.all.slice(after, after + 2);
  }

  async change({ head, wraps, records = [], stage }: VaultChange): Promise<void> {
    this.#present();
    const before = this.shown && readHead(this.shown.head);
    if (before && readHead(head).counter !== before.counter + 1) throw new ConflictError('vault-conflict', 'late');
    this.heads.push(head);
    this.shown = { head, wraps: wraps ?? this.shown?.wraps ?? new Uint8Array() };
    if (stage !== undefined) this.all = this.#staged.splice(0);
    this.all.push(...records);
  }

  async stage(_stage: string, _first: number, records: readonly Uint8Array[]): Promise<void> {
    this.#staged.push(...records);
  }

  #present(): void {
    if (this.isAway) throw new UnreachableError('server-unreachable', 'away');
  }
}

/** A person with one device; `open` is what a start of the client does, with the server's state or with the kept one. */
async function person() {
  const [identity, hpke] = [newSigningKey(systemRandom), await generateHpkeKey(false)];
  const target = deviceTarget('d', hpke.publicKey);
  const server = new Server();
  const openerOf = async (wraps: Parameters<typeof openWithDevice>[1][]) =>
    openWithDevice(USER, wraps.find(({ id }) => id === 'd') ?? assert.fail(), hpke);
  const vaultOn = (through: VaultServer, kept?: KeptVault) => {
    const parts = { user: USER, identityKey: identity.publicKey, server: through, clock: systemClock };
    const opener = (wraps: readonly Parameters<typeof openWithDevice>[1][]) => openerOf([...wraps]);
    const sealed = new SealedVault({ ...parts, random: systemRandom, opener, known: undefined });
    sealed.useIdentity(identity);
    const memory = { save: async (head: Uint8Array) => kept?.confirm(head) };
    return { sealed, vault: new Vault({ sealed, server: through, memory, clock: systemClock, random: systemRandom }) };
  };
  const first = vaultOn(server);
  const prepared = await first.sealed.begin([target], [{ kind: 'draft', key: '0', value: bytes('0'), time: 0 }]);
  await server.change(prepared.change);
  first.sealed.adopt(prepared);
  const put = (vault: Vault, key: string) => vault.put('draft', key, bytes(key));
  const cache = await memoryCache();
  const open = async () => {
    const kept = new KeptVault(server, USER, cache);
    const made = vaultOn(kept, kept);
    await made.vault.refresh();
    return { kept, ...made };
  };
  const openAway = async () => {
    const kept = new KeptVault(server, USER, cache);
    const made = vaultOn(kept, kept);
    await made.sealed.take((await kept.kept()) ?? assert.fail('nothing is kept'));
    return made.vault;
  };
  return { server, cache, first: first.vault, put, open, openAway };
}

const drafts = (vault: Vault) =>
  vault
    .list('draft')
    .map(({ key }) => key)
    .toSorted();

test('what was shown once opens the vault while the server is away', LIMIT, async () => {
  const { server, first, put, open, openAway } = await person();
  for (const key of ['1', '2', '3']) await put(first, key);
  await open();
  server.isAway = true;
  assert.deepEqual(drafts(await openAway()), ['0', '1', '2', '3']);
});

test('nothing is fetched twice, and what is new is added', LIMIT, async () => {
  const { server, first, put, open, openAway } = await person();
  await put(first, '1');
  await open();
  const { asked } = server;
  await open();
  assert.equal(server.asked, asked);
  await put(first, '2');
  await open();
  assert.equal(server.asked, asked + 1);
  assert.deepEqual(drafts(await openAway()), ['0', '1', '2']);
});

test('what this device writes is kept as well, and a new generation in the place of the old one', LIMIT, async () => {
  const { server, open, put, openAway } = await person();
  const { vault } = await open();
  await put(vault, '1');
  const { asked } = server;
  assert.deepEqual(drafts(await openAway()), ['0', '1']);
  await vault.renew();
  assert.deepEqual(drafts(await openAway()), ['0', '1']);
  await put(vault, '2');
  assert.deepEqual(drafts(await openAway()), ['0', '1', '2']);
  assert.deepEqual(drafts((await open()).vault), ['0', '1', '2']);
  assert.equal(server.asked, asked);
});

test('a copy that does not fit what the owner signed is fetched anew', LIMIT, async () => {
  const { first, put, open, cache } = await person();
  await put(first, '1');
  await open();
  const rows = await cache.records('vault');
  const [one, two] = [rows.get('1/1') ?? assert.fail(), rows.get('1/2') ?? assert.fail()];
  await cache.setRecords(
    'vault',
    new Map([
      ['1/1', two],
      ['1/2', one],
    ]),
  );
  assert.deepEqual(drafts((await open()).vault), ['0', '1']);
});

test('a kept state that can’t be read, or is another user’s, is none: the server is asked', LIMIT, async () => {
  const { server, first, put, open, cache } = await person();
  await open();
  await put(first, '1');
  const state = await cache.record('vault', 'state');
  assert.ok(state);
  const other = parseUserId('10000000-0000-4000-8000-000000000002');
  assert.ok(await new KeptVault(server, USER, cache).kept());
  assert.equal(await new KeptVault(server, other, cache).kept(), undefined);
  for (const damaged of [bytes('garbage'), state.slice(0, -70), new Uint8Array()]) {
    await cache.setRecords('vault', new Map([['state', damaged]]));
    assert.equal(await new KeptVault(server, USER, cache).kept(), undefined);
    assert.deepEqual(drafts((await open()).vault), ['0', '1']);
    assert.ok(await new KeptVault(server, USER, cache).kept(), 'and kept anew');
  }
});

test('a state that was not checked opens nothing', LIMIT, async () => {
  const { server, first, put, open, cache } = await person();
  await open();
  await put(first, '1');
  const kept = new KeptVault(server, USER, cache);
  const before = await kept.kept();
  await kept.state();
  await kept.records(1, 1);
  assert.deepEqual(await kept.kept(), before);
});

test('a cache that takes nothing more stands in no way', LIMIT, async () => {
  const { server, first, put, cache } = await person();
  await put(first, '1');
  const full = { ...cache, record: async () => undefined, records: async () => new Map<string, Uint8Array>() };
  const kept = new KeptVault(server, USER, {
    ...full,
    setRecords: async () => Promise.reject(new UnreachableError('storage-failed', 'full')),
  });
  assert.ok(await kept.state());
  assert.equal((await kept.records(1, 0)).length, 2);
  assert.equal(await kept.kept(), undefined);
});

test(
  'a record of garbage, a whole new generation of it and a cut among them cost nothing that was confirmed',
  LIMIT,
  async () => {
    const { server, first, put, open, openAway, cache } = await person();
    await put(first, '1');
    await open();
    const before = new Map(await cache.records('vault'));
    await put(first, '2');
    const honest = [...server.all];
    for (const garbage of [[new Uint8Array(40)], [], [honest[0] ?? assert.fail()]]) {
      server.all = [...honest.slice(0, 2), ...garbage];
      await assert.rejects(open(), { name: 'PeerError' });
      assert.deepEqual(await cache.records('vault'), before);
    }
    server.all = honest;
    await first.renew();
    const renewed = [...server.all];
    server.all = [new Uint8Array(40), ...renewed.slice(1)];
    await assert.rejects(open(), { name: 'PeerError' });
    assert.deepEqual(await cache.records('vault'), before);
    assert.deepEqual(drafts(await openAway()), ['0', '1']);
    server.all = renewed;
    assert.deepEqual(drafts((await open()).vault), ['0', '1', '2']);
    const names = [...(await cache.records('vault')).keys()];
    assert.deepEqual(
      names.filter((name) => name.startsWith('1/')),
      [],
      'the old generation goes in the write that keeps the new one',
    );
  },
);

test('a copy that could not be written over stays what it was', LIMIT, async () => {
  const { server, first, put, open, cache, openAway } = await person();
  await put(first, '1');
  await open();
  const before = new Map(await cache.records('vault'));
  await put(first, '2');
  const cut = { ...cache, record: cache.record.bind(cache), records: cache.records.bind(cache) };
  const kept = new KeptVault(server, USER, {
    ...cut,
    setRecords: async () => Promise.reject(new UnreachableError('x', 'cut')),
  });
  const shown = (await kept.state()) ?? assert.fail();
  assert.equal((await kept.records(1, 2)).length, 1);
  await kept.confirm(shown.head);
  assert.deepEqual(await cache.records('vault'), before);
  assert.deepEqual(drafts(await openAway()), ['0', '1']);
});
