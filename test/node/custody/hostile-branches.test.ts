// Branches with valid certificates who want to fill what a custodian keeps: of one origin there is room for so much, and what is
// remembered of a pair of realms never grows without end, even when both of them are hostile.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CUSTODY_LIMITS } from '../../../node/custody/quotas.ts';
import { makeBatch } from '../../../node/delivery/batch-maker.ts';
import { signWithLeaf } from '../../../src/pki/keys.ts';
import { encodePayload } from '../../../src/protocols/custody/payload.ts';
import { encodeSettlement, settledBytes } from '../../../src/protocols/custody/settlement.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { certifiedAs, keyOf, until } from '../simulated-branch.ts';
import { type Giving, HostileCustodian } from './hostile-custodian.ts';
import { ACME, BETA, KYIV, ODESA, plantTree, UA } from './tree-of-branches.ts';

const LIMIT = { timeout: 60_000 };
const chainOf = (realm: RealmName) => new TextEncoder().encode(realm);
const signerOf = (realm: RealmName) => ({
  chain: chainOf(realm),
  sign: (data: Uint8Array) => signWithLeaf(keyOf(realm), data),
});

/** The region, between two enterprises that hand on whatever their branches make up. */
async function region(t: TestContext, options: Parameters<typeof plantTree>[1] = {}) {
  const tree = await plantTree(t, options);
  const [acme, beta] = [new HostileCustodian(tree.network, ACME), new HostileCustodian(tree.network, BETA)];
  const [ua] = await tree.up(UA);
  assert.ok(ua);
  const from = async (hostile: HostileCustodian): Promise<Giving> => {
    const giving = await hostile.open(UA);
    assert.equal((await giving.next())?.kind, 'welcome');
    return giving;
  };
  return { ua, acme, giving: await from(acme), settling: await from(beta) };
}

/** A batch of Kyiv without a single message. */
function empty(destination: RealmName, incarnation: number, n = 1, certificate = certifiedAs(KYIV, incarnation)) {
  const terms = { origin: KYIV, destination, incarnation, first: n, last: n };
  const payload = encodePayload({ ...makeBatch(signerOf(KYIV), terms, []), certificate });
  return { kind: 'batch', trail: [{ realm: ACME, at: 1 }], payload } as const;
}

function settlement(incarnation: number) {
  const about = { origin: KYIV, incarnation, destination: ODESA, setAside: [], at: incarnation };
  const settled = encodeSettlement({ ...about, marks: { watermark: 1, ranges: [] } });
  return { kind: 'settlement', settled, signature: signerOf(ODESA).sign(settledBytes(settled)) } as const;
}

test('batches without anything in them use up the quota of their origin all the same', LIMIT, async (t) => {
  const limits = { total: 100_000, origin: 6_000, destination: 100_000 };
  const { giving } = await region(t, { custodyLimits: limits });
  for (const n of [1, 2]) assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, 1, n)), 'taken');
  assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, 1, 3)), 'origin-full');
});

test('one origin has mail for so many realms and no more, and for those it goes on', LIMIT, async (t) => {
  const { giving } = await region(t, { custodyLimits: { ...CUSTODY_LIMITS, realms: 10 } });
  for (let n = 0; n < 10; n++) {
    assert.equal(await giving.hand(chainOf(KYIV), empty(parseRealmName(`b${n}.beta.ua`), 1)), 'taken');
  }
  assert.equal(await giving.hand(chainOf(KYIV), empty(parseRealmName('more.beta.ua'), 1)), 'origin-full');
  assert.equal(await giving.hand(chainOf(KYIV), empty(parseRealmName('b0.beta.ua'), 1, 2)), 'taken');
});

test('of one pair the settlements of the newest sixteen incarnations are remembered', LIMIT, async (t) => {
  const { ua, giving, settling } = await region(t);
  for (let incarnation = 1; incarnation <= 20; incarnation++) {
    assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, incarnation)), 'taken');
    assert.equal(await settling.hand(chainOf(ODESA), settlement(incarnation)), 'taken');
  }
  await until(() => ua.delivery.custody.load().batches === 0);
  for (let incarnation = 1; incarnation <= 20; incarnation++)
    assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, incarnation)), 'taken');
  const { held, repeated } = ua.delivery.custody.counters();
  assert.deepEqual({ held, repeated }, { held: 24, repeated: 16 });
});

test('a custodian takes no batch of an incarnation that nobody has certified', LIMIT, async (t) => {
  const { giving } = await region(t);
  for (const certificate of [new Uint8Array(), certifiedAs(ODESA, 2), certifiedAs(KYIV, 1)])
    assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, 2, 1, certificate)), 'incarnation-uncertified');
  assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, 2, 1, certifiedAs(KYIV, 3))), 'taken');
});

test('mail for a realm that nobody has certified is declined where every realm below is known', LIMIT, async (t) => {
  const known = new Set<RealmName>([ODESA]);
  const standing = { isFrozen: () => false, onChange: () => () => {}, isKnown: (of: RealmName) => known.has(of) };
  const { giving, ua } = await region(t, { standing });
  const nobody = parseRealmName('nobody.beta.ua');
  assert.equal(await giving.hand(chainOf(KYIV), empty(nobody, 1)), 'realm-unknown');
  assert.equal(ua.delivery.custody.load().batches, 0);
  assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, 1)), 'taken');
  known.add(nobody);
  assert.equal(await giving.hand(chainOf(KYIV), empty(nobody, 1)), 'taken', 'once it is certified');
});

test('traces of one origin are bounded, and a sweep makes room for newer ones', LIMIT, async (t) => {
  const { giving, settling, ua } = await region(t, { custodyLimits: { ...CUSTODY_LIMITS, traces: 4 } });
  const passOn = async (incarnation: number) => {
    assert.equal(await giving.hand(chainOf(KYIV), empty(ODESA, incarnation)), 'taken');
    assert.equal(await settling.hand(chainOf(ODESA), settlement(incarnation)), 'taken');
    await until(() => ua.delivery.custody.load().batches === 0);
  };
  const traced = async () => {
    const found = await Promise.all([1, 2, 3, 4, 5, 6].map((of) => ua.delivery.custody.trace(KYIV, ODESA, of, 1)));
    return found.flatMap((one, at) => (one ? [at + 1] : []));
  };
  for (const incarnation of [1, 2, 3, 4, 5]) await passOn(incarnation);
  assert.deepEqual(await traced(), [1, 2, 3, 4]);
  await ua.delivery.custody.sweep();
  assert.deepEqual(await traced(), [2, 3, 4]);
  await passOn(6);
  assert.deepEqual(await traced(), [2, 3, 4, 6]);
});
