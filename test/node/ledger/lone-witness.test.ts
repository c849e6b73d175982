// A single hostile realm of the family: what it says of chains moves nobody away from honest holders, and fills nobody's disk.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { HolderChoice } from '../../../node/ledger/holder-choice.ts';
import { Notary } from '../../../node/ledger/notary.ts';
import type { ChainId } from '../../../src/protocols/ledger/entry.ts';
import { decodeSigned } from '../../../src/protocols/ledger/entry.ts';
import { certifyIncarnation } from '../../../src/protocols/ledger/incarnation.ts';
import { Intake } from '../../../src/protocols/ledger/intake.ts';
import { ProofStore } from '../../../src/protocols/ledger/proof-store.ts';
import { ServedReader } from '../../../src/protocols/ledger/served-reader.ts';
import { signHead } from '../../../src/protocols/ledger/witness.ts';
import { WitnessStore } from '../../../src/protocols/ledger/witness-store.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import {
  acme,
  authorOf,
  checkChain,
  eventually,
  kyiv,
  lviv,
  readerStore,
  signerOf,
  text,
} from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { type Branch, openBranch } from '../directory/branch.ts';

const LIMIT = { timeout: 60_000 };
const KYIV: ChainId = { realm: kyiv, chain: 'network' };

const headAt = async ({ ledger }: Branch) => (await ledger.store.head(KYIV)).n;
const note = ({ ledger }: Branch, payload: string) =>
  ledger.append({ chain: 'network', kind: 'note', payload: text(payload) });

async function company(t: TestContext) {
  const networks = new PairedNetworks();
  const open = async (realm: RealmName) => {
    const branch = await openBranch(realm, { networks });
    t.after(() => branch.stop().catch(() => undefined));
    await branch.start();
    return branch;
  };
  const realms = { acme: await open(acme), kyiv: await open(kyiv), lviv: await open(lviv) };
  for (const realm of [kyiv, lviv])
    await realms.acme.ledger.certifyRealm({ realm, tier: 'branch', chain: text(realm) });
  await note(realms.kyiv, 'a');
  await eventually(async () => (await headAt(realms.lviv)) === 2 && (await headAt(realms.acme)) === 2);
  return realms;
}

test('a head that never was moves nobody away from an honest holder, and its witness is named', LIMIT, async (t) => {
  const realms = await company(t);
  const ahead = { ...KYIV, witness: lviv, incarnation: 1, n: Number.MAX_SAFE_INTEGER, hash: new Uint8Array(32) };
  await realms.acme.ledger.witnesses.put(await signHead({ ...ahead, time: Date.now() }, await signerOf(lviv)));
  for (let round = 0; round < 6; round++) await realms.acme.ledger.countersign();
  assert.equal(realms.acme.ledger.counters()['withheld'], 0);
  const named = (await realms.acme.audit.tail(20)).filter(({ code }) => code === 'ledger-head-unproven');
  assert.deepEqual(
    named.map(({ actor }) => actor),
    [lviv],
  );
  await note(realms.kyiv, 'goes on');
  await eventually(async () => (await headAt(realms.acme)) === 3);
});

test('where every holder is doubtful the best one is asked all the same', () => {
  const choice = new HolderChoice({ monotonic: () => 0 }, () => [acme, lviv]);
  choice.demote(KYIV, acme);
  choice.demote(KYIV, lviv);
  assert.deepEqual([...choice.plan([KYIV]).keys()], [acme]);
});

test('heads of chains that are not here are not kept', LIMIT, async () => {
  const author = await authorOf(KYIV);
  await author.chain.append({ kind: 'note', payload: text('a') });
  const { store, database } = author;
  const witnesses = new WitnessStore({ database });
  const signer = await signerOf(kyiv);
  const parts = { store, witnesses, proofs: new ProofStore({ database, checkChain: await checkChain() }) };
  const notary = new Notary(
    acme,
    { ...parts, clock: systemClock, signer: () => signer, outlets: () => [] },
    { onFraud: async () => undefined, onContradiction: () => undefined },
  );
  const madeUp = { realm: parseRealmName('nowhere.acme.ua'), chain: 'network' } as const;
  const head = { ...madeUp, witness: kyiv, incarnation: 1, n: 1, hash: new Uint8Array(32), time: Date.now() };
  const peer = { realm: kyiv, tier: 'branch', role: 'node', peerId: '' } as const;
  await notary.take({ kind: 'heads', statements: [(await signHead(head, signer)).bytes] }, peer);
  assert.deepEqual(await witnesses.of(madeUp), []);
});

test(
  'a reader with entries that were lost joins the next incarnation, however far that has come meanwhile',
  LIMIT,
  async () => {
    const signer = await signerOf(kyiv);
    const first = await authorOf(KYIV, { signer });
    for (const payload of ['a', 'b']) await first.chain.append({ kind: 'note', payload: text(payload) });
    const reader = await readerStore();
    const restored = await authorOf(KYIV, {
      signer,
      incarnation: 2,
      certificate: await certifyIncarnation(
        { realm: kyiv, incarnation: 2, time: Date.now(), kept: [] },
        await signerOf(acme),
      ),
    });
    const shared = (await first.store.read(KYIV, 1, 10, 100_000)).map(decodeSigned);
    await new Intake(restored.store).take(KYIV, shared);
    await new Intake(reader).take(KYIV, shared);
    for (const payload of ['c', 'd', 'e', 'f']) await first.chain.append({ kind: 'note', payload: text(payload) });
    await new Intake(reader).take(KYIV, (await first.store.read(KYIV, 4, 10, 100_000)).map(decodeSigned));
    for (const payload of ['g', 'h']) await restored.chain.append({ kind: 'note', payload: text(payload) });
    const tip = await restored.store.head(KYIV);
    const ours = await reader.get(KYIV, tip.n);
    const peer = { realm: lviv, tier: 'branch', role: 'node', peerId: '' } as const;
    const served = new ServedReader({ store: restored.store, clock: systemClock }, peer);
    await served.follow([{ ...KYIV, n: tip.n, hash: ours?.hash ?? new Uint8Array(32) }]);
    const ended = new AbortController();
    for await (const frame of served.frames(ended.signal)) {
      if (frame.kind === 'entries') await new Intake(reader).take(KYIV, frame.entries.map(decodeSigned));
      else ended.abort();
    }
    served.close();
    assert.deepEqual((await reader.head(KYIV)).hash, tip.hash);
  },
);
