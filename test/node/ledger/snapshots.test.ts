// Snapshots: a newcomer takes what counts and the tail. What it then knows is what it would know from the whole chain.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Snapshots } from '../../../node/ledger/snapshots.ts';
import { verifyLedger } from '../../../node/ledger/verification.ts';
import { HolderSession } from '../../../src/protocols/ledger/client.ts';
import { decodeSigned, type Fact } from '../../../src/protocols/ledger/entry.ts';
import { encodeFrame } from '../../../src/protocols/ledger/frames.ts';
import { LEDGER_PROTOCOL } from '../../../src/protocols/ledger/index.ts';
import { Intake } from '../../../src/protocols/ledger/intake.ts';
import {
  ALIASES,
  decodeUser,
  decodeUserEntry,
  encodeAliases,
  encodeRealmCertified,
  encodeUser,
  encodeUserEntry,
  REALM_CERTIFIED,
  USER_ADDED,
  USER_CHANGED,
  USER_REMOVED,
} from '../../../src/protocols/ledger/kinds.ts';
import type { LedgerStore } from '../../../src/protocols/ledger/ledger-store.ts';
import type { Draft } from '../../../src/protocols/ledger/own-chain.ts';
import { ProofStore } from '../../../src/protocols/ledger/proof-store.ts';
import { LedgerServer } from '../../../src/protocols/ledger/server.ts';
import { encodeSnapshot, SNAPSHOT, Standing, statementOf } from '../../../src/protocols/ledger/snapshot.ts';
import { WitnessStore } from '../../../src/protocols/ledger/witness-store.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { createDatabase } from '../../../src/store/database.ts';
import {
  type Author,
  authorOf,
  checkChain,
  eventually,
  kyiv,
  lviv,
  text,
} from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';

const LIMIT = { timeout: 60_000 };
const ID = { realm: kyiv, chain: 'directory' } as const;
const idOf = (n: number) => parseUserId(`00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);

function userDraft(n: number, kind = USER_ADDED, status: 'active' | 'disabled' = 'active'): Draft {
  const hash = new Uint8Array(32).fill(n % 256);
  return {
    kind,
    payload: encodeUserEntry({ id: idOf(n), kind: 'person', status, loginHash: hash, profileHash: hash }),
  };
}

const act = fc.oneof(
  fc.nat(5).map((n) => userDraft(n)),
  fc
    .tuple(fc.nat(5), fc.constantFrom('active' as const, 'disabled' as const))
    .map(([n, s]) => userDraft(n, USER_CHANGED, s)),
  fc.nat(5).map((n): Draft => ({ kind: USER_REMOVED, payload: encodeUser(idOf(n)) })),
  fc.nat(5).map((n): Draft => ({ kind: ALIASES, payload: encodeAliases({ granted: [idOf(n)], refused: [] }) })),
  fc.nat(3).map((n): Draft => {
    const payload = encodeRealmCertified({
      realm: n > 1 ? lviv : kyiv,
      tier: 'branch',
      chain: text(String(n)),
      relays: [],
    });
    return { kind: REALM_CERTIFIED, payload };
  }),
  fc.constant<Draft>({ kind: 'crl', payload: text('every list counts') }),
  fc.constant<Draft>({ kind: USER_ADDED, payload: text('malformed') }),
);

/** What a reader knows in the end, worked out by other means than Standing: a plain walk over everything. */
async function stateOf(store: LedgerStore): Promise<unknown> {
  const users = new Map<string, string>();
  const others = new Set<string>();
  for await (const { n, kind, payload } of store.facts(ID)) {
    if (kind === SNAPSHOT || kind === 'key') continue;
    try {
      if (kind === USER_ADDED || kind === USER_CHANGED) users.set(decodeUserEntry(payload).id, `${n} ${kind}`);
      else if (kind === USER_REMOVED) users.delete(decodeUser(payload));
      else if (kind === 'crl' || kind === ALIASES) others.add(`${n} ${kind}`);
    } catch {
      others.add(`${n} malformed`);
    }
  }
  return { users: [...users].sort(), others: [...others].sort() };
}

async function snapshot(author: Author): Promise<void> {
  const snapshots = new Snapshots(author.store, () => assert.fail('a wrong snapshot'));
  await author.chain.snapshot(async () => {
    const rows = await snapshots.rowsBelow(ID, Number.MAX_SAFE_INTEGER);
    return { kind: SNAPSHOT, payload: encodeSnapshot(statementOf(rows)) };
  });
}

async function newcomer(from: LedgerStore) {
  const networks = new PairedNetworks();
  const parts = {
    clock: systemClock,
    log: silentLog,
    onGossip: async () => undefined,
    onReader: () => undefined,
    onAsked: () => undefined,
  };
  const server = new LedgerServer({ ...parts, store: from, network: networks.of(kyiv, 'branch'), mayRead: () => true });
  server.start();
  return { ...(await follower(networks)), server };
}

async function follower(networks: PairedNetworks) {
  const database = await createDatabase(new ForgetfulDisk().openEngine());
  const { LedgerStore } = await import('../../../src/protocols/ledger/ledger-store.ts');
  const store = new LedgerStore({ database, checkChain: await checkChain() });
  const stop = new AbortController();
  const bad: string[] = [];
  const network = networks.of(lviv, 'branch');
  const session = new HolderSession({ store, intake: new Intake(store), network, clock: systemClock }, kyiv, {
    onOpen: () => undefined,
    onTip: () => undefined,
    onFraud: () => assert.fail('fraud'),
    onBad: (_, { code }) => void bad.push(code),
    onGossip: async () => undefined,
  });
  await session.ask([ID]);
  session.run(stop.signal).catch(() => undefined);
  return { store, database, bad, stop: () => stop.abort(new Error('enough')) };
}

const reached = (store: LedgerStore, from: LedgerStore) =>
  eventually(async () => (await store.head(ID)).n === (await from.head(ID)).n);

test(
  'snapshot and tail give the same state as the whole chain, at a holder that began with one, too',
  LIMIT,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), fc.array(act, { maxLength: 6 }), async (before, tail) => {
        const author = await authorOf(ID);
        for (const draft of before) await author.chain.append(draft);
        await snapshot(author);
        for (const draft of tail) await author.chain.append(draft);
        const first = await newcomer(author.store);
        await reached(first.store, author.store);
        const second = await newcomer(first.store);
        await reached(second.store, author.store);
        for (const one of [first, second]) one.stop();
        assert.deepEqual(await stateOf(first.store), await stateOf(author.store));
        assert.deepEqual(await stateOf(second.store), await stateOf(author.store));
        const parts = {
          store: second.store,
          proofs: new ProofStore({ database: second.database, checkChain: await checkChain() }),
        };
        const [verdict] = await verifyLedger({ ...parts, witnesses: new WitnessStore(second) });
        assert.deepEqual([verdict?.whole, verdict?.damage], [true, undefined]);
        for (const one of [first, second]) one.server.stop();
      }),
      { numRuns: 25 },
    );
  },
);

test('a snapshot with other rows, or of another key, is not taken', LIMIT, async () => {
  const author = await authorOf(ID);
  for (let n = 0; n < 3; n++) await author.chain.append(userDraft(n));
  await snapshot(author);
  const at = (await author.store.snapshotAt(ID)) ?? 0;
  const [key = new Uint8Array()] = await author.store.read(ID, 1, 1, 1);
  const [entry = new Uint8Array()] = await author.store.read(ID, at, 1, 1);
  const rows = await new Snapshots(author.store, () => undefined).rowsBelow(ID, at);
  const other = await authorOf(ID);
  await other.chain.introduceKey();
  const [foreign = new Uint8Array()] = await other.store.read(ID, 1, 1, 1);
  const lies = [
    { rows: rows.slice(1), key },
    { rows: rows.toReversed(), key },
    { rows, key: foreign },
  ];
  for (const lie of lies) {
    const networks = new PairedNetworks();
    networks.of(kyiv, 'branch').handle(LEDGER_PROTOCOL, { allow: 'family' }, async (stream) => {
      await stream.read();
      await stream.write(encodeFrame({ kind: 'snapshot', rows: lie.rows, ends: true }));
      await stream.write(encodeFrame({ kind: 'entries', entries: [lie.key, entry] }));
      await stream.read();
    });
    const reader = await follower(networks);
    await eventually(() => reader.bad.length === 1);
    reader.stop();
    assert.deepEqual(reader.bad, ['ledger-invalid']);
    assert.equal((await reader.store.head(ID)).n, 0);
  }
});

test('who follows from the beginning finds out an author whose snapshot states something else', LIMIT, async () => {
  const author = await authorOf(ID);
  for (let n = 0; n < 3; n++) await author.chain.append(userDraft(n));
  const lie = statementOf([]);
  await author.chain.append({ kind: SNAPSHOT, payload: encodeSnapshot(lie) });
  const wrong: number[] = [];
  const snapshots = new Snapshots(author.store, (_, n) => wrong.push(n));
  const facts: Fact[] = [];
  for await (const { entry } of author.store.entries(ID)) facts.push(entry);
  await snapshots.check(ID, facts);
  assert.deepEqual(wrong, [5]);
  assert.ok(snapshots.isWrong(ID));
});

test(
  'snapshots are written when enough has gathered, and ever more rarely for a chain that only grows',
  LIMIT,
  async () => {
    const author = await authorOf(ID);
    const snapshots = new Snapshots(author.store, () => undefined);
    const numbers: number[] = [];
    for (let n = 0; n < 2000; n += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => author.chain.append(userDraft(n + i))));
      if (await snapshots.write(author.chain)) numbers.push((await author.store.snapshotAt(ID)) ?? 0);
    }
    assert.deepEqual(numbers, [302, 603, 1204]);
  },
);

test('for 10,000 users with a past, a snapshot is a fraction of the chain', LIMIT, async (t) => {
  // Sizes by arithmetic over real encodings: signing 40,000 entries would only take time.
  const author = await authorOf(ID);
  await author.chain.append(userDraft(1));
  const signed = decodeSigned((await author.store.read(ID, 2, 1, 1))[0] ?? new Uint8Array());
  const standing = new Standing();
  for (let n = 1; n <= 10_000; n++) standing.take({ ...ID, n: n + 1, time: signed.entry.time, ...userDraft(n) });
  const rows = standing.rows().reduce((sum, row) => sum + row.length, 0);
  const whole = (changes: number) => 10_000 * (1 + changes) * signed.bytes.length;
  t.diagnostic(
    `10,000 users, snapshot: ${rows} bytes; whole chain: ${whole(0)} bytes when nobody changed, ${whole(3)} after three changes each`,
  );
  assert.ok(rows < whole(0) / 1.8 && rows < whole(3) / 7);
});
