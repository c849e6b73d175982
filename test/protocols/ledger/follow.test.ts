// Following chains over the seam: history and live entries, a holder in between, snapshots, fraud, and holders that break the rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stream } from '../../../src/overlay/seam.ts';
import { HolderSession, type HolderSessionEvents } from '../../../src/protocols/ledger/client.ts';
import { decodeFrame, encodeFrame, type LedgerFrame } from '../../../src/protocols/ledger/frames.ts';
import { decodeProof, type FraudProof } from '../../../src/protocols/ledger/fraud.ts';
import { LEDGER_PROTOCOL } from '../../../src/protocols/ledger/index.ts';
import { Intake } from '../../../src/protocols/ledger/intake.ts';
import type { LedgerStore } from '../../../src/protocols/ledger/ledger-store.ts';
import { LedgerServer } from '../../../src/protocols/ledger/server.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { PairedNetworks } from '../paired-network.ts';
import {
  type Author,
  acme,
  authorOf,
  checkChain,
  eventually,
  kyiv,
  lviv,
  readerStore,
  signerOf,
  text,
} from './ledger-realm.ts';

const startOfTest = Date.now();
const LIMIT = { timeout: 30_000 };
const ID = { realm: kyiv, chain: 'directory' } as const;

function serve(networks: PairedNetworks, realm: typeof kyiv, store: LedgerStore): LedgerServer {
  const network = networks.of(realm, 'branch');
  const mayRead = (peer: { realm: string }) => peer.realm !== 'evil.acme.ua';
  const rest = { onGossip: async () => undefined, onReader: () => undefined, onAsked: () => undefined };
  const server = new LedgerServer({ store, network, clock: systemClock, log: silentLog, mayRead, ...rest });
  server.start();
  return server;
}

async function note(author: Author, ...payloads: string[]): Promise<void> {
  await Promise.all(payloads.map((payload) => author.chain.append({ kind: 'note', payload: text(payload) })));
}

function reader(networks: PairedNetworks, store: LedgerStore, holder = kyiv) {
  const stop = new AbortController();
  const seen = { frauds: [] as FraudProof[], bad: [] as string[], tips: [] as number[] };
  const events: HolderSessionEvents = {
    onOpen: () => undefined,
    onTip: ({ n }) => void seen.tips.push(n),
    onFraud: (proof) => void seen.frauds.push(proof),
    onBad: (_, error) => void seen.bad.push(error.code),
    onGossip: async () => undefined,
  };
  const network = networks.of(lviv, 'branch');
  const parts = { store, intake: new Intake(store), network, clock: systemClock };
  const session = new HolderSession(parts, holder, events);
  const done = session.ask([ID]).then(() => session.run(stop.signal));
  done.catch(() => undefined);
  return { ...seen, done, session, stop: () => stop.abort(new Error('enough')) };
}

/** A holder that answers the first request with these frames, and then stays silent. */
function puppet(networks: PairedNetworks, frames: readonly LedgerFrame[], hold = true): void {
  networks.of(kyiv, 'branch').handle(LEDGER_PROTOCOL, { allow: 'family' }, async (stream: Stream) => {
    await stream.read();
    for (const frame of frames) await stream.write(encodeFrame(frame));
    if (hold) await stream.read();
  });
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

test('a chain that the holder gets later comes on the same stream', LIMIT, async () => {
  const networks = new PairedNetworks();
  const author = await authorOf(ID);
  serve(networks, kyiv, author.store);
  const store = await readerStore();
  const { stop, tips } = reader(networks, store);
  await eventually(() => tips.includes(0));
  await note(author, 'at last');
  await eventually(async () => (await store.head(ID)).n === 2);
  stop();
});

async function twins() {
  const signer = await signerOf(kyiv);
  const now = () => 1_000 + startOfTest;
  const author = await authorOf(ID, { signer, now });
  await note(author, 'a');
  // A second history with the same key: what a cloned disk or a dishonest realm does.
  const twin = await authorOf(ID, { signer, now });
  await note(twin, 'a', 'told to others');
  await note(author, 'told to lviv');
  return { author, twin };
}

test('two signed entries for one number are proven by themselves', LIMIT, async () => {
  const networks = new PairedNetworks();
  const { author, twin } = await twins();
  const store = await readerStore();
  serve(networks, kyiv, author.store);
  const first = reader(networks, store);
  await eventually(async () => (await store.head(ID)).n === 3);
  first.stop();
  serve(networks, kyiv, twin.store);
  const second = reader(networks, store);
  await eventually(() => second.frauds.length > 0);
  second.stop();
  const [proof] = second.frauds;
  assert.ok(proof);
  const judged = await decodeProof(proof.bytes, await checkChain());
  assert.deepEqual([judged.realm, judged.chain, judged.n], [kyiv, 'directory', 3]);
  assert.equal((await store.head(ID)).n, 3);
});

test('fraud is found at a holder that has fewer entries, too', LIMIT, async () => {
  const networks = new PairedNetworks();
  const { author, twin } = await twins();
  await note(author, 'one more');
  const store = await readerStore();
  serve(networks, kyiv, author.store);
  const first = reader(networks, store);
  await eventually(async () => (await store.head(ID)).n === 4);
  first.stop();
  serve(networks, kyiv, twin.store);
  const second = reader(networks, store);
  await eventually(() => second.frauds.length > 0);
  second.stop();
});

test('a holder can make up nothing: a gap, a wrong signature, garbage, an endless chain', LIMIT, async () => {
  const author = await authorOf(ID);
  await note(author, 'a', 'b');
  const [one = new Uint8Array(), , three = new Uint8Array()] = await author.store.read(ID, 1, 10, 100_000);
  const broken = one.slice();
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  for (const entries of [[one, three], [broken]]) {
    const networks = new PairedNetworks();
    puppet(networks, [{ kind: 'entries', entries }]);
    const store = await readerStore();
    const { bad, stop } = reader(networks, store);
    await eventually(() => bad.length === 1);
    stop();
    assert.deepEqual(bad, ['ledger-invalid']);
    assert.equal((await store.head(ID)).n, 0);
  }
});

test('what was not asked for, or is no frame, ends the stream', LIMIT, async () => {
  const other = await authorOf({ realm: lviv, chain: 'directory' });
  await other.chain.append({ kind: 'note', payload: text('of lviv') });
  const foreign = await other.store.read({ realm: lviv, chain: 'directory' }, 1, 1, 100_000);
  for (const frame of [
    { kind: 'entries', entries: foreign },
    { kind: 'entries', entries: [text('garbage')] },
    { kind: 'follow', tips: [] },
    { kind: 'refused', code: 'scope' },
  ] as const) {
    const networks = new PairedNetworks();
    puppet(networks, [frame]);
    const store = await readerStore();
    const { done } = reader(networks, store);
    const code = await done.catch(codeOf);
    assert.ok(['ledger-unasked', 'malformed', 'scope'].includes(String(code)), String(code));
    assert.equal((await store.head(ID)).n, 0);
  }
});

test('who may not read is refused by name, and a malformed request resets the stream', LIMIT, async () => {
  const networks = new PairedNetworks();
  const author = await authorOf(ID);
  await note(author, 'a');
  serve(networks, kyiv, author.store);
  const signal = AbortSignal.timeout(10_000);
  const ask = encodeFrame({ kind: 'follow', tips: [{ ...ID, n: 0, hash: new Uint8Array(32) }] });
  const evil = networks.of('evil.acme.ua' as typeof kyiv, 'branch');
  const refused = await evil.open(kyiv, LEDGER_PROTOCOL, { signal });
  await refused.write(ask);
  const answer = await refused.read(signal);
  assert.deepEqual(answer && decodeFrame(answer), { kind: 'refused', code: 'scope' });
  const later = await networks.of(lviv, 'branch').open(kyiv, LEDGER_PROTOCOL, { signal });
  await later.write(ask);
  await later.read(signal);
  later.abort(new Error('enough'));
  for (const bytes of [Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff), encodeFrame({ kind: 'refused', code: 'no' })]) {
    const broken = await networks.of(lviv, 'branch').open(kyiv, LEDGER_PROTOCOL, { signal });
    await broken.write(bytes);
    await assert.rejects(broken.read(signal), { code: 'stream-reset' });
  }
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
  assert.deepEqual(server.readers(), []);
});
