// What a higher incarnation may take back, what it may not, and how a chain that was convicted begins anew with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Snapshots } from '../../../node/ledger/snapshots.ts';
import { verifyLedger } from '../../../node/ledger/verification.ts';
import { decodeSigned, type SignedEntry } from '../../../src/protocols/ledger/entry.ts';
import { FraudError } from '../../../src/protocols/ledger/fraud.ts';
import { certifyIncarnation } from '../../../src/protocols/ledger/incarnation.ts';
import { Intake } from '../../../src/protocols/ledger/intake.ts';
import { LedgerStore, type Rewind } from '../../../src/protocols/ledger/ledger-store.ts';
import { ProofStore } from '../../../src/protocols/ledger/proof-store.ts';
import { SNAPSHOT } from '../../../src/protocols/ledger/snapshot.ts';
import { signHead } from '../../../src/protocols/ledger/witness.ts';
import { WitnessStore } from '../../../src/protocols/ledger/witness-store.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { type Author, acme, authorOf, checkChain, kyiv, signerOf, text } from './ledger-realm.ts';

const LIMIT = { timeout: 30_000 };
const ID = { realm: kyiv, chain: 'network' } as const;

const note = (author: Author, ...payloads: string[]) =>
  Promise.all(payloads.map((payload) => author.chain.append({ kind: 'note', payload: text(payload) })));
const read = async (store: LedgerStore, from = 1): Promise<SignedEntry[]> =>
  (await store.read(ID, from, 100, 1_000_000)).map(decodeSigned);

async function certificateOf(incarnation: number, kept: number): Promise<Uint8Array> {
  const wanted = { realm: kyiv, incarnation, time: Date.now(), kept: [{ chain: 'network', n: kept }] as const };
  return certifyIncarnation(wanted, await signerOf(acme));
}

/** The realm as it was after `count` entries, and the same in its second incarnation. */
async function realm(kept: number) {
  const signer = await signerOf(kyiv);
  const first = await authorOf(ID, { signer });
  await note(first, 'a', 'b');
  const second = await authorOf(ID, { signer, incarnation: 2, certificate: await certificateOf(2, kept) });
  await new Intake(second.store).take(ID, await read(first.store));
  return { signer, first, second };
}

async function openReader() {
  const database = await createDatabase(new ForgetfulDisk().openEngine());
  const store = new LedgerStore({ database, checkChain: await checkChain() });
  const proofs = new ProofStore({ database, checkChain: await checkChain() });
  const witnesses = new WitnessStore({ database });
  const intake = new Intake(store, {
    proofAgainst: (id, incarnation) => proofs.against(id, incarnation),
    countersigned: async (id, by) => (await witnesses.by(id, by))?.head,
  });
  const rewinds: Rewind[] = [];
  store.onRewind((rewind) => rewinds.push(rewind));
  return {
    store,
    proofs,
    witnesses,
    intake,
    rewinds,
    verdict: async () => (await verifyLedger({ store, proofs, witnesses }))[0],
  };
}

test('entries that give way to a higher incarnation are named, and stay named', LIMIT, async () => {
  const { first, second } = await realm(3);
  const reader = await openReader();
  await note(first, 'c', 'd');
  await reader.intake.take(ID, await read(first.store));
  await note(second, 'e');
  await reader.intake.take(ID, await read(second.store, 4));
  assert.deepEqual(reader.rewinds, [{ id: ID, incarnation: 2, begins: 4, was: 5 }]);
  const verdict = await reader.verdict();
  assert.deepEqual(verdict?.rewinds, [{ incarnation: 2, begins: 4, was: 5 }]);
  assert.deepEqual([verdict?.whole, verdict?.n, verdict?.incarnation], [true, 5, 2]);
});

test('an incarnation takes back nothing that the realm above knew when it certified it', LIMIT, async () => {
  const { second } = await realm(4);
  await assert.rejects(note(second, 'e'), { code: 'ledger-invalid', message: /certified to begin above 4/ });
});

test(
  'a certificate that was kept for later takes back nothing that the realm above has countersigned since',
  LIMIT,
  async () => {
    const { first, second } = await realm(3);
    const reader = await openReader();
    await note(first, 'c', 'd');
    await reader.intake.take(ID, await read(first.store));
    const head = await reader.store.head(ID);
    const said = async (incarnation: number, n: number, hash: Uint8Array) =>
      reader.witnesses.put(
        await signHead({ ...ID, witness: acme, incarnation, n, hash, time: Date.now() }, await signerOf(acme)),
      );
    await said(1, 5, head.hash);
    await note(second, 'e');
    await assert.rejects(reader.intake.take(ID, await read(second.store, 4)), { code: 'ledger-rewound' });
    assert.deepEqual([(await reader.store.head(ID)).n, reader.rewinds.length], [5, 0]);
    const now = await second.store.head(ID);
    await said(2, now.n, now.hash);
    await reader.intake.take(ID, await read(second.store, 4));
    assert.deepEqual(
      (await reader.store.head(ID)).hash,
      now.hash,
      'once the realm above follows it, so does everybody',
    );
  },
);

async function snapshotOf(author: Author) {
  const snapshots = new Snapshots(author.store, () => assert.fail('a wrong snapshot'));
  assert.ok(await snapshots.write(author.chain), 'each new incarnation has a snapshot at once');
  const n = (await author.store.snapshotAt(ID)) ?? 0;
  const rows = await snapshots.rowsBelow(ID, n);
  const entries = await read(author.store);
  const keys = entries.filter(({ entry }) => entry.kind === 'key' && entry.incarnation === 2);
  return { rows, keys, snapshot: entries.filter(({ entry }) => entry.kind === SNAPSHOT).slice(-1) };
}

test(
  'a chain that was convicted begins anew with the snapshot of a certified incarnation, and with nothing else',
  LIMIT,
  async () => {
    const { first, second, signer } = await realm(3);
    const reader = await openReader();
    await note(first, 'c');
    await reader.intake.take(ID, await read(first.store));
    const thief = await authorOf(ID, { signer });
    await new Intake(thief.store).take(ID, (await read(first.store)).slice(0, 3));
    await note(thief, 'x', 'y');
    const caught = await reader.intake.take(ID, await read(thief.store, 4)).catch((error: unknown) => error);
    assert.ok(caught instanceof FraudError);
    await reader.proofs.put(caught.proof, 1_800_000_000_000);
    assert.equal(await reader.intake.isConvicted(ID), true);
    await note(first, 'd');
    await assert.rejects(reader.intake.take(ID, await read(first.store, 5)), { code: 'ledger-convicted' });
    await note(second, 'e');
    await assert.rejects(reader.intake.take(ID, await read(second.store, 4)), { code: 'ledger-convicted' });
    const { rows, keys, snapshot } = await snapshotOf(second);
    await assert.rejects(reader.intake.take(ID, snapshot), { code: 'ledger-parted' }, 'the snapshot is asked for');
    await assert.rejects(reader.intake.begin(ID, [...(await read(first.store)).slice(0, 1), ...snapshot], rows), {
      code: 'ledger-invalid',
    });
    assert.equal(await reader.intake.isConvicted(ID), true);
    await reader.intake.begin(ID, [...keys, ...snapshot], rows);
    assert.deepEqual((await reader.store.head(ID)).hash, (await second.store.head(ID)).hash);
    assert.equal(await reader.intake.isConvicted(ID), false);
    const verdict = await reader.verdict();
    const proven = { n: 4, incarnation: 1, since: 1_800_000_000_000, over: 'resumed' };
    assert.deepEqual([verdict?.whole, verdict?.damage, verdict?.fraud], [true, undefined, proven]);
    await note(second, 'f');
    await reader.intake.take(ID, await read(second.store, 7));
    assert.equal((await reader.store.head(ID)).n, 7);
    const again = await authorOf(ID, { signer, incarnation: 2, certificate: await certificateOf(2, 3) });
    await new Intake(again.store).take(ID, (await read(second.store)).slice(0, 6));
    await note(again, 'another f');
    await assert.rejects(reader.intake.take(ID, await read(again.store, 7)), { code: 'ledger-fraud' });
  },
);

test('the incarnation of a snapshot counts only with its certificate', LIMIT, async () => {
  const { second } = await realm(3);
  await note(second, 'e');
  second.renew(await signerOf(kyiv));
  await note(second, 'f');
  const { rows, keys, snapshot } = await snapshotOf(second);
  assert.equal(keys.length, 2);
  const reader = await openReader();
  await assert.rejects(reader.intake.begin(ID, [...keys.slice(1), ...snapshot], rows), {
    code: 'ledger-invalid',
    message: /which nobody certified/,
  });
  await reader.intake.begin(ID, [...keys, ...snapshot], rows);
  assert.equal((await reader.store.head(ID)).incarnation, 2);
  assert.equal((await reader.verdict())?.whole, true);
});
