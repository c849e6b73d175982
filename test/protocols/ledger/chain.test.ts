// A chain as its author writes it and a reader judges it: with real certificates, on a disk that forgets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { decodeSigned, encodeEntry, joinSigned, type SignedEntry } from '../../../src/protocols/ledger/entry.ts';
import { emptyHead, follow, type Head } from '../../../src/protocols/ledger/verify.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { authorOf, checkChain, kyiv, lviv, readerStore, signerOf, text } from './ledger-realm.ts';

const LIMIT = { timeout: 30_000 };
const ID = { realm: kyiv, chain: 'directory' } as const;
const DAY = 24 * 60 * 60 * 1000;

async function judged(entries: readonly SignedEntry[]): Promise<Head> {
  const check = await checkChain();
  let head = emptyHead(ID);
  for (const signed of entries) head = await follow(head, signed, check);
  return head;
}

async function entriesOf(author: Awaited<ReturnType<typeof authorOf>>): Promise<SignedEntry[]> {
  const entries: SignedEntry[] = [];
  for await (const signed of author.store.entries(ID)) entries.push(signed);
  return entries;
}

test('the first entry introduces the key, and every reader can judge the chain', LIMIT, async () => {
  const author = await authorOf(ID);
  await Promise.all(['a', 'b', 'c'].map((payload) => author.chain.append({ kind: 'note', payload: text(payload) })));
  const entries = await entriesOf(author);
  assert.deepEqual(
    entries.map(({ entry }) => entry.kind),
    ['key', 'note', 'note', 'note'],
  );
  assert.equal((await judged(entries)).n, 4);
});

test('a renewed leaf is introduced before the next entry and not before', LIMIT, async () => {
  const author = await authorOf(ID);
  await author.chain.append({ kind: 'note', payload: text('old key') });
  author.renew(await signerOf(kyiv));
  assert.equal((await author.store.head(ID)).n, 2);
  await author.chain.append({ kind: 'note', payload: text('new key') });
  const entries = await entriesOf(author);
  assert.deepEqual(
    entries.map(({ entry }) => entry.kind),
    ['key', 'note', 'key', 'note'],
  );
  assert.equal((await judged(entries)).n, 4);
});

test('entries of a leaf that has expired since stay valid, new ones of it are refused', LIMIT, async () => {
  let now = Date.now();
  const author = await authorOf(ID, { signer: await signerOf(kyiv, { lifetime: DAY }), now: () => now });
  await author.chain.append({ kind: 'note', payload: text('in time') });
  now += 3 * DAY;
  await assert.rejects(author.chain.append({ kind: 'note', payload: text('too late') }), { code: 'ledger-invalid' });
  assert.equal((await judged(await entriesOf(author))).n, 2);
});

test('time in a chain never goes back, whatever the clock does', LIMIT, async () => {
  let now = Date.now();
  const author = await authorOf(ID, { now: () => now });
  await author.chain.append({ kind: 'note', payload: text('a') });
  now -= 60_000;
  await author.chain.append({ kind: 'note', payload: text('b') });
  assert.equal((await judged(await entriesOf(author))).n, 3);
});

test('an entry altered in any field, or signed by another realm, is refused', LIMIT, async () => {
  const author = await authorOf(ID);
  await author.chain.append({ kind: 'note', payload: text('a') });
  const [first, second] = await entriesOf(author);
  assert.ok(first && second);
  const check = await checkChain();
  const head = await follow(emptyHead(ID), first, check);
  const changes = [
    { payload: text('b') },
    { n: 3 },
    { time: second.entry.time - 1_000_000 },
    { realm: lviv },
    { chain: 'network' as const },
    { incarnation: 0 },
    { incarnation: 2 },
    { previous: new Uint8Array(32) },
    { keyId: new Uint8Array(16) },
  ];
  for (const change of changes) {
    const entry = { ...second.entry, ...change };
    const altered = joinSigned(entry, encodeEntry(entry), second.signature);
    await assert.rejects(follow(head, altered, check), { code: 'ledger-invalid' }, JSON.stringify(change));
  }
  const foreign = await authorOf(ID, { signer: await signerOf(lviv) });
  await assert.rejects(foreign.chain.append({ kind: 'note', payload: text('of lviv') }), { code: 'ledger-invalid' });
});

test('an entry that was acknowledged survives a power cut, one that was not leaves no trace', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const signer = await signerOf(kyiv);
  const author = await authorOf(ID, { engine: disk.openEngine(), signer });
  const write = { type: 'put', key: text('beside'), value: text('yes') } as const;
  await author.chain.append({ kind: 'note', payload: text('kept'), writes: [write] });
  disk.holdSyncs();
  let acknowledged = false;
  let announced = false;
  author.store.onFacts(() => {
    announced = true;
  });
  const appending = async () => {
    await author.chain.append({ kind: 'note', payload: text('lost') });
    acknowledged = true;
  };
  void appending();
  for (let i = 0; i < 20; i++) await turn();
  assert.deepEqual([acknowledged, announced], [false, false]);
  disk.powerCut();
  const again = await authorOf(ID, { engine: disk.openEngine(), signer });
  assert.equal((await again.store.head(ID)).n, 2);
  assert.deepEqual(await again.database.get(text('beside')), text('yes'));
  await again.chain.append({ kind: 'note', payload: text('after') });
  assert.equal((await judged(await entriesOf(again))).n, 3);
});

test('a full disk refuses the entry and the chain goes on afterwards', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const author = await authorOf(ID, { engine: disk.openEngine() });
  await author.chain.introduceKey();
  disk.full = true;
  await assert.rejects(author.chain.append({ kind: 'note', payload: text('a') }), { code: 'disk-full' });
  disk.full = false;
  await author.chain.append({ kind: 'note', payload: text('b') });
  assert.equal((await judged(await entriesOf(author))).n, 2);
});

test('the chains held are found without being told', LIMIT, async () => {
  const store = await readerStore();
  assert.deepEqual(await store.chains(), []);
  const author = await authorOf(ID);
  await author.chain.introduceKey();
  assert.deepEqual(await author.store.chains(), [ID]);
  const [first] = await author.store.read(ID, 1, 10, 1);
  assert.equal(decodeSigned(first ?? new Uint8Array()).entry.n, 1);
});
