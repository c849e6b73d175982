// Fault case 22 for mail: a custodian that drops, alters, delays, replays, records or forges. What is altered is noticed, what is
// dropped comes by another way or anew, nothing is lost and nothing is doubled.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { signWithLeaf } from '../../../src/pki/keys.ts';
import type { BatchFrame } from '../../../src/protocols/custody/frames.ts';
import { decodePayload, encodePayload } from '../../../src/protocols/custody/payload.ts';
import { decodeSettlement, encodeSettlement, settledBytes } from '../../../src/protocols/custody/settlement.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, keyOf, message, messageId, receivedBy, until } from '../simulated-branch.ts';
import { HostileCustodian } from './hostile-custodian.ts';
import { ACME, BETA, FROM_CLERK, KYIV, LVIV, ODESA, plantTree, SMITH, UA } from './tree-of-branches.ts';

const LIMIT = { timeout: 40_000 };
const toSmith = (n: number) => message(n, `text ${n}`, [CLERK, SMITH]);
const chainOf = (realm: RealmName) => new TextEncoder().encode(realm);

/** Kyiv, whose enterprise is hostile; five messages for Odesa are in its hands. */
async function captured(t: TestContext, clock?: HandClock) {
  const tree = await plantTree(t, clock && { clock });
  const hostile = new HostileCustodian(tree.network, ACME);
  const [kyiv] = await tree.up(KYIV);
  assert.ok(kyiv);
  for (let n = 1; n <= 5; n++) await kyiv.conversations.submit(FROM_CLERK, toSmith(n));
  const numbers = () => hostile.batches.length > 0 && kyiv.delivery.custody.obstacle(ODESA) === undefined;
  await until(numbers);
  return { tree, hostile, kyiv };
}

test('what it claims to hold and drops is handed on anew, until the destination has it', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const { tree, hostile, kyiv } = await captured(t, clock);
  assert.equal(kyiv.outbox.depth(ODESA), 5, 'an answer of a custodian is no word of the destination');
  const seen = hostile.batches.length;
  clock.advance(11 * 60_000);
  await until(() => {
    clock.advance(5_000);
    return hostile.batches.length > seen;
  });
  // It is replaced by an honest one.
  tree.network.down(ACME);
  const [, , , odesa] = await tree.up(ACME, UA, BETA, ODESA);
  assert.ok(odesa);
  await until(() => {
    clock.advance(10_000);
    return kyiv.outbox.depth(ODESA) === 0;
  });
  assert.deepEqual(receivedBy(odesa, SMITH), [1, 2, 3, 4, 5].map(messageId));
});

test('a destination that may be reached gets from its origin what a custodian dropped', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const tree = await plantTree(t, { clock });
  const hostile = new HostileCustodian(tree.network, ACME);
  const [kyiv] = await tree.up(KYIV);
  assert.ok(kyiv);
  await kyiv.conversations.submit(FROM_CLERK, message(1));
  await until(() => {
    clock.advance(1_000);
    return hostile.batches.length > 0;
  });
  const [lviv] = await tree.up(LVIV);
  assert.ok(lviv);
  await until(() => kyiv.outbox.depth(LVIV) === 0);
  assert.equal(lviv.delivery.counters().received, 1);
});

/** As a custodian hands it on: it names itself as the one who held it. */
function withItself(batch: BatchFrame): BatchFrame {
  return { ...batch, trail: [...batch.trail, { realm: ACME, at: 1 }] };
}

/** What the custodian captured, and the next honest realm to hand it to. */
async function passingOn(t: TestContext) {
  const all = await captured(t);
  const [ua, , odesa] = await all.tree.up(UA, BETA, ODESA);
  assert.ok(ua && odesa);
  const [captive] = all.hostile.batches;
  assert.ok(captive);
  const batch = withItself(captive);
  const giving = await all.hostile.open(UA);
  assert.equal((await giving.next())?.kind, 'welcome');
  const chain = all.hostile.chainOf(batch.ref);
  return { ...all, ua, odesa, batch, giving, chain };
}

test(
  'alterations of a body, an envelope, a header and a signature are refused by name and audited',
  LIMIT,
  async (t) => {
    const { ua, odesa, batch, giving, chain } = await passingOn(t);
    const { header, signature, envelopes, certificate } = decodePayload(batch.payload);
    const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
    const [first = new Uint8Array(), ...rest] = envelopes;
    const lies = {
      'body-altered': encodePayload({
        header,
        signature,
        envelopes: [flipped(first, first.length - 1), ...rest],
        certificate,
      }),
      'digest-wrong': encodePayload({ header, signature, envelopes: [flipped(first, 30), ...rest], certificate }),
      'signature-bad': encodePayload({ header: flipped(header, header.length - 1), signature, envelopes, certificate }),
    };
    for (const [code, payload] of Object.entries(lies))
      assert.equal(await giving.hand(chain, { ...batch, payload }), code);
    const forged = encodePayload({ header, signature: flipped(signature, 0), envelopes, certificate });
    assert.equal(await giving.hand(chain, { ...batch, payload: forged }), 'signature-bad');
    assert.deepEqual(
      ua.audited.map(({ code, actor, fields }) => [code, actor, fields?.['why']]),
      Object.keys(lies).map((why) => ['custody-declined', ACME, why]),
    );
    assert.equal(await giving.hand(chain, batch), 'taken');
    await until(() => receivedBy(odesa, SMITH).length > 0);
    assert.equal(odesa.delivery.counters().quarantined, 0);
  },
);

test('custodians that it invents are refused, and what is kept on disk stays readable', LIMIT, async (t) => {
  const { tree, ua, batch, giving, chain } = await passingOn(t);
  const long = parseRealmName([...Array.from({ length: 3 }, () => 'a'.repeat(63)), 'b'.repeat(58), 'ua'].join('.'));
  const station = (realm: RealmName) => ({ realm, at: 1 });
  for (const trail of [Array.from({ length: 16 }, () => station(long)), [], [station(ACME), station(ACME)]]) {
    assert.equal(await giving.hand(chain, { ...batch, trail }), 'out-of-way');
  }
  assert.equal(ua.delivery.custody.counters().held, 0);
  await tree.site(UA).stop();
  await tree.up(UA);
});

test('what it replays is shown once, and answered with the settlement', LIMIT, async (t) => {
  const { kyiv, hostile, ua, odesa, batch, giving, chain } = await passingOn(t);
  for (let round = 0; round < 5; round++) {
    for (const one of hostile.batches) assert.equal(await giving.hand(chain, withItself(one)), 'taken');
    if (round === 0) await until(() => receivedBy(odesa, SMITH).length === 5);
  }
  const all = () => hostile.settlements.some(({ settled }) => decodeSettlement(settled).marks.watermark >= 5);
  await until(() => all() && ua.delivery.custody.load().batches === 0);
  const before = hostile.settlements.length;
  assert.equal(await giving.hand(chain, batch), 'taken');
  await until(() => hostile.settlements.length > before);
  assert.deepEqual(receivedBy(odesa, SMITH), [1, 2, 3, 4, 5].map(messageId));
  assert.equal(kyiv.outbox.depth(ODESA), 5, 'it kept the settlement to itself');
  const [newest] = hostile.settlements.slice(-1);
  assert.ok(newest);
  const back = await hostile.open(KYIV);
  assert.equal((await back.next())?.kind, 'welcome');
  assert.equal(await back.hand(hostile.chainOf(newest.ref), newest), 'taken');
  await until(() => kyiv.outbox.depth(ODESA) === 0);
});

test('a settlement that it forges, or that is for others, settles nothing', LIMIT, async (t) => {
  const { hostile, kyiv } = await captured(t);
  const giving = await hostile.open(KYIV);
  assert.equal((await giving.next())?.kind, 'welcome');
  const settlement = { origin: KYIV, incarnation: 1, setAside: [], at: 1, marks: { watermark: 99, ranges: [] } };
  const settled = encodeSettlement({ ...settlement, destination: ODESA });
  const sign = (realm: RealmName, bytes: Uint8Array) => signWithLeaf(keyOf(realm), settledBytes(bytes));
  const kind = 'settlement';
  const byItself = { kind, settled, signature: sign(ACME, settled) } as const;
  assert.equal(await giving.hand(chainOf(ACME), byItself), 'origin-foreign');
  assert.equal(await giving.hand(chainOf(ODESA), byItself), 'signature-bad');
  const ofOthers = encodeSettlement({ ...settlement, origin: LVIV, destination: ODESA });
  const elsewhere = { kind, settled: ofOthers, signature: sign(ODESA, ofOthers) } as const;
  assert.equal(await giving.hand(chainOf(ODESA), elsewhere), 'out-of-way');
  assert.equal(kyiv.outbox.depth(ODESA), 5);
});

test(
  'nothing runs in a circle: a batch is taken only from the side of its origin, and never back',
  LIMIT,
  async (t) => {
    const { hostile, batch, chain } = await passingOn(t);
    const back = await hostile.open(KYIV);
    assert.equal((await back.next())?.kind, 'welcome');
    assert.equal(await back.hand(chain, batch), 'out-of-way');
    const beside = await hostile.open(BETA);
    assert.deepEqual(await beside.next(), { kind: 'refusal', code: 'out-of-way' });
  },
);

test('one that answers nothing costs its own stream, and mail elsewhere goes on', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const tree = await plantTree(t, { clock });
  const hostile = new HostileCustodian(tree.network, ACME);
  hostile.manner = () => undefined;
  const [kyiv, lviv] = await tree.up(KYIV, LVIV);
  assert.ok(kyiv && lviv);
  await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
  await until(() => hostile.batches.length === 1);
  await kyiv.conversations.submit(FROM_CLERK, message(2));
  await until(() => kyiv.outbox.depth(LVIV) === 0);
  clock.advance(16_000);
  await until(() => kyiv.delivery.custody.obstacle(ODESA)?.code === 'answer-missing');
  hostile.manner = () => 'taken';
  await until(() => {
    clock.advance(1_000);
    return hostile.batches.length > 1;
  });
  assert.equal(kyiv.outbox.depth(ODESA), 1);
});
