// What a witness may bring about and what not: a liar neither stops a node for good nor has it take one incarnation after the other, and
// an honest one is believed about what was lost, not about what has gone out since.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encodeSeen, type NumberedHead, type Seen } from '../../../src/protocols/heads/frames.ts';
import { HEADS_PROTOCOL } from '../../../src/protocols/heads/index.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { acme, eventually, kyiv, lviv, signerOf, text, ua } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { type GuardedOptions, type GuardedRealm, openGuarded } from './guarded-realm.ts';

const LIMIT = { timeout: 40_000 };
const NOTHING: Seen = { incarnation: 0, chains: [], outbox: { incarnation: 0, n: 0 } };
const HUGE = Number.MAX_SAFE_INTEGER;

async function run(t: TestContext, realm: GuardedRealm): Promise<GuardedRealm> {
  t.after(() => realm.stop().catch(() => undefined));
  await realm.start();
  return realm;
}

/** A node of the family that says this of whoever asks. */
function liar(networks: PairedNetworks, realm: RealmName, seen: Partial<Seen>): { asked: number } {
  const counted = { asked: 0 };
  networks.of(realm, 'branch').handle(HEADS_PROTOCOL, { allow: 'family' }, async (stream) => {
    await stream.read();
    counted.asked++;
    await stream.write(encodeSeen({ ...NOTHING, ...seen }));
    await stream.close();
  });
  return counted;
}

async function restart(t: TestContext, before: GuardedRealm, options: GuardedOptions): Promise<GuardedRealm> {
  await before.stop();
  return run(t, await openGuarded(before.realm, { ...options, disk: before.disk }));
}

test('the word of a follower about incarnations and chains stops nobody', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  await run(t, await openGuarded(acme, { networks }));
  const chains = [{ chain: 'network', incarnation: HUGE, n: HUGE }] as const;
  const counted = liar(networks, lviv, { incarnation: HUGE, chains });
  const branch = await run(t, await openGuarded(kyiv, { networks, followers: [lviv] }));
  await eventually(() => counted.asked > 0 && branch.guard.state().witnesses.length === 2);
  assert.deepEqual([branch.permit.withheld, branch.reopened], [undefined, 0]);
});

test('a region takes no endless incarnation from a realm below', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  liar(networks, acme, { incarnation: HUGE, outbox: { incarnation: HUGE, n: 1 } });
  const region = await run(t, await openGuarded(ua, { networks, verdict: 'restored', followers: [acme] }));
  await eventually(() => region.reopened === 1);
  await region.stop();
  const again = await openGuarded(ua, { networks, disk: region.disk });
  t.after(() => again.stop());
  assert.equal(again.guard.state().incarnation, 2);
});

test(
  'a follower that always claims to have more has the node take one incarnation, not one after the other',
  LIMIT,
  async (t) => {
    const networks = new PairedNetworks();
    await run(t, await openGuarded(acme, { networks }));
    liar(networks, lviv, { outbox: { incarnation: HUGE, n: 9 } });
    const options = { networks, followers: [lviv], signer: await signerOf(kyiv) };
    const branch = await run(t, await openGuarded(kyiv, options));
    await eventually(() => branch.reopened === 1);
    const again = await restart(t, branch, options);
    await eventually(() => again.guard.state().witnesses.length === 2);
    assert.deepEqual([again.permit.withheld, again.reopened, again.guard.state().incarnation], [undefined, 0, 2]);
    assert.ok((await again.audit.tail(20)).some(({ code, actor }) => code === 'witness-disbelieved' && actor === lviv));
  },
);

test('messages that were lost are set right by one new incarnation', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const inbound = new Map([[kyiv, { incarnation: 1, n: 57 }]]);
  await run(t, await openGuarded(acme, { networks, inbound }));
  const outboxEnd = () => ({ incarnation: 1, n: 40 });
  const options = { networks, outboxEnd, signer: await signerOf(kyiv) };
  const branch = await run(t, await openGuarded(kyiv, options));
  await eventually(() => branch.reopened === 1);
  const again = await restart(t, branch, options);
  await eventually(() => again.guard.state().witnesses.length === 1);
  assert.deepEqual([again.permit.withheld, again.reopened], [undefined, 0]);
});

test('messages that have gone out since the start are no sign of a loss', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  let end: NumberedHead = { incarnation: 1, n: 40 };
  const branch = await run(t, await openGuarded(kyiv, { networks, outboxEnd: () => end }));
  assert.equal(branch.permit.withheld, undefined);
  end = { incarnation: 1, n: 57 };
  await run(t, await openGuarded(acme, { networks, inbound: new Map([[kyiv, end]]) }));
  networks.heal(acme);
  await eventually(() => branch.guard.state().witnesses.includes(acme));
  assert.deepEqual([branch.permit.withheld, branch.reopened], [undefined, 0]);
});

test('everything is taken back before a new incarnation begins, not only the first batch', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const house = await run(t, await openGuarded(acme, { networks }));
  const options = { networks, signer: await signerOf(kyiv) };
  const branch = await run(t, await openGuarded(kyiv, options));
  await house.ledger.certifyRealm({ realm: kyiv, tier: 'branch', chain: text('kyiv') });
  const id = { realm: kyiv, chain: 'network' } as const;
  const backup = new ForgetfulDisk();
  const engine = backup.openEngine();
  for await (const [key, value] of branch.database.iterate({
    gte: new Uint8Array(),
    lt: new Uint8Array(16).fill(0xff),
  }))
    await engine.write([{ type: 'put', key, value }]);
  await engine.close();
  const drafts = Array.from(
    { length: 150 },
    (_, i) => ({ chain: 'network', kind: 'note', payload: text(`${i}`) }) as const,
  );
  await Promise.all(drafts.map((draft) => branch.ledger.append(draft)));
  await eventually(async () => (await house.ledger.store.head(id)).n === 151);
  await branch.stop();
  const restored = await run(t, await openGuarded(kyiv, { ...options, disk: backup, verdict: 'restored' }));
  await eventually(() => restored.reopened === 1);
  assert.equal((await restored.ledger.store.head(id)).n, 151);
});
