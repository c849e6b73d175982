// Following a chain over the seam: history and live entries, a holder in between, fraud, and peers that break the rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followChain } from '../../../src/protocols/ledger/client.ts';
import { encodeAnswer, encodeRequest } from '../../../src/protocols/ledger/frames.ts';
import { LEDGER_PROTOCOL } from '../../../src/protocols/ledger/index.ts';
import type { LedgerStore } from '../../../src/protocols/ledger/ledger-store.ts';
import { LedgerServer } from '../../../src/protocols/ledger/server.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { PairedNetworks } from '../paired-network.ts';
import { type Author, acme, authorOf, eventually, kyiv, lviv, readerStore, signerOf, text } from './ledger-realm.ts';

const startOfTest = Date.now();
const LIMIT = { timeout: 30_000 };
const ID = { realm: kyiv, chain: 'directory' } as const;

function serve(networks: PairedNetworks, realm: typeof kyiv, store: LedgerStore): LedgerServer {
  const network = networks.of(realm, 'branch');
  const mayRead = (peer: { realm: string }) => peer.realm !== 'evil.acme.ua';
  const server = new LedgerServer({ store, network, clock: systemClock, log: silentLog, mayRead });
  server.start();
  return server;
}

async function note(author: Author, ...payloads: string[]): Promise<void> {
  await Promise.all(payloads.map((payload) => author.chain.append({ kind: 'note', payload: text(payload) })));
}

function reader(networks: PairedNetworks, store: LedgerStore, holder = kyiv) {
  const stop = new AbortController();
  const parts = { store, network: networks.of(lviv, 'branch'), clock: systemClock };
  const done = followChain(parts, ID, holder, stop.signal, () => undefined);
  done.catch(() => undefined);
  return { done, stop: () => stop.abort(new Error('enough')) };
}

test('a reader gets the history, then each new entry as it is written', LIMIT, async () => {
  const networks = new PairedNetworks();
  const author = await authorOf(ID);
  await note(author, ...Array.from({ length: 150 }, (_, i) => String(i)));
  serve(networks, kyiv, author.store);
  const store = await readerStore();
  const { stop, done } = reader(networks, store);
  await eventually(async () => (await store.head(ID)).n === 151);
  await note(author, 'live');
  await eventually(async () => (await store.head(ID)).n === 152);
  stop();
  await assert.rejects(done);
  assert.deepEqual((await store.head(ID)).hash, (await author.store.head(ID)).hash);
});

test('a reader goes on where it stopped, from another holder too', LIMIT, async () => {
  const networks = new PairedNetworks();
  const author = await authorOf(ID);
  await note(author, 'a', 'b');
  serve(networks, kyiv, author.store);
  const disk = new ForgetfulDisk();
  const middle = await readerStore();
  const first = reader(networks, middle);
  await eventually(async () => (await middle.head(ID)).n === 3);
  first.stop();
  serve(networks, acme, middle);
  const store = await readerStore(disk.openEngine());
  const second = reader(networks, store, acme);
  await eventually(async () => (await store.head(ID)).n === 3);
  second.stop();
  disk.powerCut();
  const again = await readerStore(disk.openEngine());
  assert.equal((await again.head(ID)).n, 3);
  await note(author, 'c');
  const third = reader(networks, again);
  await eventually(async () => (await again.head(ID)).n === 4);
  third.stop();
});

test('two signed entries for one number are kept as proof and end the following', LIMIT, async () => {
  const networks = new PairedNetworks();
  const signer = await signerOf(kyiv);
  const now = () => 1_000 + startOfTest;
  const author = await authorOf(ID, { signer, now });
  await note(author, 'a');
  const store = await readerStore();
  serve(networks, kyiv, author.store);
  const first = reader(networks, store);
  await note(author, 'told to lviv');
  await eventually(async () => (await store.head(ID)).n === 3);
  first.stop();
  // A second history with the same key: what a cloned disk or a dishonest realm does.
  const twin = await authorOf(ID, { signer, now });
  await note(twin, 'a', 'told to others');
  serve(networks, kyiv, twin.store);
  const second = reader(networks, store);
  await assert.rejects(second.done, { code: 'ledger-fraud', n: 3 });
  assert.equal(await store.fraudAt(ID), 3);
  assert.equal((await store.head(ID)).n, 3);
});

test('a holder can make up nothing: another chain, a gap, a wrong signature', LIMIT, async () => {
  const other = await authorOf({ realm: lviv, chain: 'directory' });
  await other.chain.append({ kind: 'note', payload: text('of lviv') });
  const author = await authorOf(ID);
  await note(author, 'a', 'b');
  const [one = new Uint8Array(), , three = new Uint8Array()] = await author.store.read(ID, 1, 10, 100_000);
  const broken = one.slice();
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  const foreign = await other.store.read({ realm: lviv, chain: 'directory' }, 1, 1, 100_000);
  for (const entries of [foreign, [one, three], [broken], [text('garbage')]]) {
    const networks = new PairedNetworks();
    networks.of(kyiv, 'branch').handle(LEDGER_PROTOCOL, { allow: 'family' }, async (stream) => {
      await stream.read();
      await stream.write(encodeAnswer({ kind: 'entries', entries }));
    });
    const store = await readerStore();
    await assert.rejects(reader(networks, store).done, { name: /PeerError|InputError/ });
    assert.equal((await store.head(ID)).n, 0);
  }
});

test('who may not read is refused by name, and a malformed request resets the stream', LIMIT, async () => {
  const networks = new PairedNetworks();
  const author = await authorOf(ID);
  await note(author, 'a');
  serve(networks, kyiv, author.store);
  const signal = AbortSignal.timeout(10_000);
  const evil = networks.of('evil.acme.ua' as typeof kyiv, 'branch');
  const refused = await evil.open(kyiv, LEDGER_PROTOCOL, { signal });
  await refused.write(encodeRequest({ ...ID, from: 1 }));
  assert.deepEqual(await refused.read(signal), encodeAnswer({ kind: 'refused', code: 'scope' }));
  const broken = await networks.of(lviv, 'branch').open(kyiv, LEDGER_PROTOCOL, { signal });
  await broken.write(Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff));
  await assert.rejects(broken.read(signal), { code: 'stream-reset' });
});

test('stopping the server ends the streams of its readers', LIMIT, async () => {
  const networks = new PairedNetworks();
  const author = await authorOf(ID);
  await note(author, 'a');
  const server = serve(networks, kyiv, author.store);
  const store = await readerStore();
  const { done } = reader(networks, store);
  await eventually(async () => (await store.head(ID)).n === 2);
  server.stop();
  await done.catch(() => undefined);
});
