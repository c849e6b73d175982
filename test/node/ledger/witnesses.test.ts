// Countersigned heads, and what hostile ledger peers try: proofs travel, a withheld tail is noticed, lies are named.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { HolderChoice } from '../../../node/ledger/holder-choice.ts';
import { verifyLedger } from '../../../node/ledger/verification.ts';
import { witnessesOf } from '../../../node/ledger/witness-choice.ts';
import { type ChainId, encodeEntry, joinSigned } from '../../../src/protocols/ledger/entry.ts';
import { encodeFrame } from '../../../src/protocols/ledger/frames.ts';
import { LEDGER_PROTOCOL } from '../../../src/protocols/ledger/index.ts';
import { signHead } from '../../../src/protocols/ledger/witness.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { acme, eventually, kyiv, lviv, signerOf, text, ua } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { type Branch, openBranch } from '../directory/branch.ts';

const LIMIT = { timeout: 60_000 };
const KYIV: ChainId = { realm: kyiv, chain: 'network' };

async function company(t: TestContext) {
  const networks = new PairedNetworks();
  const signer = await signerOf(kyiv);
  const open = async (realm: RealmName, options: Parameters<typeof openBranch>[1] = {}) => {
    const branch = await openBranch(realm, { networks, ...options });
    t.after(() => branch.stop().catch(() => undefined));
    await branch.start();
    return branch;
  };
  const realms = { acme: await open(acme), kyiv: await open(kyiv, { signer }), lviv: await open(lviv) };
  for (const realm of [kyiv, lviv]) {
    await realms.acme.ledger.certifyRealm({ realm, tier: 'branch', chain: text(realm) });
  }
  await eventually(async () => (await headAt(realms.lviv)) === 1 && (await headAt(realms.acme)) === 1);
  return { networks, signer, open, ...realms };
}

const headAt = async ({ ledger }: Branch, id = KYIV) => (await ledger.store.head(id)).n;
const note = ({ ledger }: Branch, payload: string) =>
  ledger.append({ chain: 'network', kind: 'note', payload: text(payload) });
const witnessesAt = async ({ ledger }: Branch, id = KYIV) =>
  (await ledger.witnesses.of(id)).map(({ head }) => `${head.witness} ${head.n}`).sort();

test('readers countersign what they have seen, and the author and its siblings get it', LIMIT, async (t) => {
  const realms = await company(t);
  await note(realms.kyiv, 'a');
  await eventually(async () => (await headAt(realms.lviv)) === 2 && (await headAt(realms.acme)) === 2);
  await realms.acme.ledger.countersign();
  await realms.lviv.ledger.countersign();
  const both = [`${acme} 2`, `${lviv} 2`];
  for (const branch of [realms.kyiv, realms.lviv, realms.acme]) {
    await eventually(async () => (await witnessesAt(branch)).join() === both.join());
  }
  const verdicts = await verifyLedger(realms.kyiv.ledger);
  const own = verdicts.find(({ realm, chain }) => realm === kyiv && chain === 'network');
  assert.deepEqual(own?.witnesses.map(({ realm, says }) => `${realm} ${says}`).sort(), [
    `${acme} agrees`,
    `${lviv} agrees`,
  ]);
  assert.ok(verdicts.every(({ whole }) => whole));
  await note(realms.kyiv, 'b');
  await eventually(async () => (await headAt(realms.acme)) === 3);
  await realms.acme.ledger.countersign();
  await eventually(async () => (await witnessesAt(realms.kyiv)).includes(`${acme} 3`));
  assert.equal((await witnessesAt(realms.kyiv)).length, 2, 'of each witness only the newest is kept');
});

test('proof of fraud travels to those who never saw the second entry', LIMIT, async (t) => {
  const { networks, signer, open, ...realms } = await company(t);
  await note(realms.kyiv, 'told to all');
  await eventually(async () => (await headAt(realms.lviv)) === 2 && (await headAt(realms.acme)) === 2);
  await realms.kyiv.stop();
  networks.cut(lviv);
  const twin = await open(kyiv, { signer });
  await note(twin, 'another history');
  networks.heal(kyiv);
  await eventually(async () => (await realms.acme.ledger.proofs.list()).length > 0);
  await twin.stop();
  networks.heal(lviv);
  networks.heal(acme);
  await eventually(async () => (await realms.lviv.ledger.proofs.list()).length > 0);
  for (const branch of [realms.acme, realms.lviv]) {
    await eventually(() => branch.ledger.warnings().some((warning) => warning.includes(kyiv)));
    const verdict = (await verifyLedger(branch.ledger)).find(({ fraud }) => fraud !== undefined);
    assert.equal(verdict?.realm, kyiv);
    await eventually(async () =>
      (await branch.audit.tail(20)).some(({ code, actor }) => code === 'ledger-fraud' && actor === kyiv),
    );
  }
});

test('a holder that keeps back what a witness has signed is named and passed over', LIMIT, async (t) => {
  const realms = await company(t);
  await note(realms.kyiv, 'a');
  await eventually(async () => (await headAt(realms.lviv)) === 2);
  const before = await realms.lviv.ledger.store.head(KYIV);
  const ahead = {
    ...KYIV,
    witness: acme,
    incarnation: before.incarnation,
    n: 9,
    hash: new Uint8Array(32),
    time: Date.now(),
  };
  await realms.lviv.ledger.witnesses.put(await signHead(ahead, await signerOf(acme)));
  for (let round = 0; round < 3; round++) await realms.lviv.ledger.countersign();
  assert.ok((realms.lviv.ledger.counters()['withheld'] ?? 0) > 0);
  assert.ok((await realms.lviv.audit.tail(20)).some(({ code, actor }) => code === 'ledger-withheld' && actor === acme));
});

test('a head that its witness has not signed ends the stream and is kept nowhere', LIMIT, async (t) => {
  const realms = await company(t);
  const statement = await signHead(
    { ...KYIV, witness: lviv, incarnation: 1, n: 5, hash: new Uint8Array(32), time: Date.now() },
    await signerOf(acme),
  );
  const evil = realms.networks.of(parseRealmName('evil.acme.ua'), 'branch');
  const signal = AbortSignal.timeout(10_000);
  const stream = await evil.open(acme, LEDGER_PROTOCOL, { signal });
  await stream.write(encodeFrame({ kind: 'follow', tips: [] }));
  await stream.write(encodeFrame({ kind: 'heads', statements: [statement.bytes] }));
  await eventually(() => (realms.acme.ledger.counters()['headsRefused'] ?? 0) > 0);
  stream.abort(new Error('enough'));
  assert.deepEqual(await witnessesAt(realms.acme), []);
});

test('a hostile holder with a forged chain is named, and the chain comes from another one', LIMIT, async (t) => {
  const { networks, ...realms } = await company(t);
  await note(realms.kyiv, 'the truth');
  await eventually(async () => (await headAt(realms.lviv)) === 2);
  await realms.acme.stop();
  const { n, hash, time, incarnation } = await realms.kyiv.ledger.store.head(KYIV);
  const { key } = await realms.kyiv.ledger.store.head(KYIV);
  const keyId = key?.keyId ?? new Uint8Array(16);
  const lie = { ...KYIV, incarnation, n: n + 1, previous: hash, time, kind: 'note', payload: text('a lie'), keyId };
  const forged = joinSigned(lie, encodeEntry(lie), new Uint8Array(64));
  networks.of(acme, 'enterprise').handle(LEDGER_PROTOCOL, { allow: 'family' }, async (stream) => {
    await stream.read();
    await stream.write(encodeFrame({ kind: 'entries', entries: [forged.bytes] }));
    await stream.read();
  });
  networks.heal(acme);
  await eventually(() => (realms.lviv.ledger.counters()['badHolders'] ?? 0) > 0);
  await note(realms.kyiv, 'goes on');
  await eventually(async () => (await headAt(realms.lviv)) === 3);
  assert.equal((await realms.lviv.ledger.store.get(KYIV, 3))?.entry.payload.length, text('goes on').length);
  await eventually(async () =>
    (await realms.lviv.audit.tail(20)).some(({ code, actor }) => code === 'ledger-invalid' && actor === acme),
  );
});

test('the parent and a few others are the witnesses, the same for everybody, however large the house', () => {
  const branches = Array.from({ length: 200 }, (_, i) => parseRealmName(`b${i}.acme.ua`));
  const certified = branches.map(
    (realm) => ({ realm, tier: 'branch', issuer: acme, chain: text(''), relays: [] }) as const,
  );
  const [first = acme] = branches;
  const chosen = witnessesOf(first, certified);
  assert.deepEqual(chosen.length, 5);
  assert.equal(chosen[0], acme);
  assert.deepEqual(witnessesOf(first, certified.toReversed()), chosen);
  assert.ok(!chosen.includes(first));
  const ofHouse = witnessesOf(acme, certified);
  assert.deepEqual([ofHouse[0], ofHouse.length], [ua, 5]);
});

test('a chain is asked at the best holder that answers, at the next while it does not', () => {
  let now = 0;
  const choice = new HolderChoice({ monotonic: () => now }, () => [acme, lviv]);
  const plan = () => Object.fromEntries([...choice.plan([KYIV])].map(([holder, ids]) => [holder, ids.length]));
  assert.deepEqual(plan(), { [acme]: 1 });
  choice.failed(acme);
  assert.deepEqual(plan(), { [acme]: 0, [lviv]: 1 });
  choice.opened(acme);
  assert.deepEqual(plan(), { [acme]: 1 });
  choice.lacks(KYIV, acme);
  assert.deepEqual(plan(), { [acme]: 1, [lviv]: 1 });
  choice.demote(KYIV, acme);
  assert.deepEqual(plan(), { [lviv]: 1 });
  now += 10 * 60_000;
  assert.deepEqual(plan(), { [acme]: 1, [lviv]: 1 });
});
