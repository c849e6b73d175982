// What bounds custody: quotas, expiry, versions; what is frozen; what comes back by itself; and mail that nobody loses, whenever
// the power of a custodian goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Standing } from '../../../node/delivery/standing.ts';
import { decodeCustodyFrame } from '../../../src/protocols/custody/frames.ts';
import { CUSTODY_PROTOCOL } from '../../../src/protocols/custody/index.ts';
import { decodeDeliverFrame, encodeDeliverFrame } from '../../../src/protocols/deliver/frames.ts';
import { DELIVER_PROTOCOL } from '../../../src/protocols/deliver/index.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, message, receivedBy, until } from '../simulated-branch.ts';
import { HostileCustodian } from './hostile-custodian.ts';
import { ACME, BETA, ENGINEER, FROM_CLERK, KYIV, LVIV, ODESA, plantTree, SMITH, UA } from './tree-of-branches.ts';

const LIMIT = { timeout: 40_000 };
const toSmith = (n: number, text = `text ${n}`) => message(n, text, [CLERK, SMITH]);
const toEngineer = (n: number) => message(n, `text ${n}`, [CLERK, ENGINEER]);

/** A standing that a test changes. */
class Blocked implements Standing {
  readonly #realms = new Set<RealmName>();
  readonly #listeners = new Set<() => void>();

  isFrozen(realm: RealmName): boolean {
    return this.#realms.has(realm);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(realm: RealmName, isBlocked: boolean): void {
    if (isBlocked) this.#realms.add(realm);
    else this.#realms.delete(realm);
    for (const listener of this.#listeners) listener();
  }
}

test(
  'a full quota is refused by name, others are held all the same, and it goes on when there is room',
  LIMIT,
  async (t) => {
    const clock = new HandClock(Date.UTC(2026, 0, 1));
    const tree = await plantTree(t, { clock, custodyLimits: { total: 20_000, origin: 20_000, destination: 4_000 } });
    const [kyiv, acme] = await tree.up(KYIV, ACME);
    assert.ok(kyiv && acme);
    await kyiv.conversations.submit(FROM_CLERK, toSmith(1, 'a'.repeat(3_000)));
    await until(() => acme.delivery.custody.counters().held === 1);
    await kyiv.conversations.submit(FROM_CLERK, toSmith(2, 'b'.repeat(3_000)));
    await until(() => kyiv.delivery.custody.obstacle(ODESA)?.code === 'destination-full');
    assert.equal(acme.delivery.custody.counters().declined, 1);
    await kyiv.conversations.submit(FROM_CLERK, toEngineer(3));
    await until(() => {
      clock.advance(1_000);
      return acme.delivery.custody.counters().held === 2;
    });
    const [, , odesa] = await tree.up(UA, BETA, ODESA);
    assert.ok(odesa);
    await until(() => {
      clock.advance(1_000);
      return receivedBy(odesa, SMITH).length === 2;
    });
  },
);

test(
  'the mail of a revoked realm is frozen where it lies, named, and goes on when it is certified anew',
  LIMIT,
  async (t) => {
    const clock = new HandClock(Date.UTC(2026, 0, 1));
    const standing = new Blocked();
    const tree = await plantTree(t, { clock, standing });
    const [kyiv, acme] = await tree.up(KYIV, ACME);
    assert.ok(kyiv && acme);
    await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
    await until(() => acme.delivery.custody.counters().held === 1);
    standing.set(ODESA, true);
    await kyiv.conversations.submit(FROM_CLERK, toSmith(2));
    const queues = async () => (await kyiv.delivery.queues()).find(({ realm }) => realm === ODESA);
    await until(async () => (await queues())?.state === 'frozen');
    assert.deepEqual(acme.delivery.custody.warnings(), [], 'not for what came just now');
    const [ua, , odesa] = await tree.up(UA, BETA, ODESA);
    assert.ok(ua && odesa);
    clock.advance(40 * 24 * 60 * 60_000);
    assert.deepEqual(acme.delivery.custody.warnings(), [
      `mail of ${KYIV} for ${ODESA} is held here since 2026-01-01T00:00:00.000Z, since that realm is revoked`,
    ]);
    await acme.delivery.custody.sweep();
    assert.equal(acme.delivery.custody.load().batches, 1, 'frozen, not dropped');
    assert.equal(ua.delivery.custody.counters().held, 0);
    standing.set(ODESA, false);
    await until(() => {
      clock.advance(1_000);
      return receivedBy(odesa, SMITH).length === 2;
    });
  },
);

test('what expires leaves custody and a skip mark, and its sender learns it', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const tree = await plantTree(t, { clock });
  const [kyiv, acme] = await tree.up(KYIV, ACME);
  assert.ok(kyiv && acme);
  await kyiv.conversations.submit(FROM_CLERK, { ...toSmith(1), expires: clock.now() + 60_000 });
  await until(() => acme.delivery.custody.counters().held === 1);
  clock.advance(120_000);
  await acme.delivery.custody.sweep();
  assert.equal(acme.delivery.custody.load().batches, 0);
  await kyiv.conversations.submit(FROM_CLERK, toSmith(2));
  const [, , odesa] = await tree.up(UA, BETA, ODESA);
  assert.ok(odesa);
  await until(() => {
    clock.advance(60_000);
    return kyiv.outbox.depth(ODESA) === 0;
  });
  assert.equal(odesa.delivery.counters().received, 1);
});

// Fault case 35.
test(
  'of the versions that two sides speak the highest common one is taken; without one it is refused by name',
  LIMIT,
  async (t) => {
    const tree = await plantTree(t);
    const hostile = new HostileCustodian(tree.network, ACME);
    await tree.up(UA);
    const newer = await hostile.open(UA, [3, 2, 1]);
    assert.deepEqual(await newer.next(), { kind: 'welcome', version: 1 });
    const alien = await hostile.open(UA, [3, 2]);
    assert.deepEqual(await alien.next(), { kind: 'refusal', code: 'version-unknown' });
    const none = await hostile.open(UA, []);
    assert.deepEqual(await none.next(), { kind: 'refusal', code: 'version-unknown' });
  },
);

test('a peer that welcomes with a version that we did not offer is left, and the queue says why', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const tree = await plantTree(t, { clock });
  const [kyiv] = await tree.up(KYIV);
  assert.ok(kyiv);
  const lviv = tree.network.node(LVIV);
  lviv.handle(DELIVER_PROTOCOL, { allow: 'trusted' }, async (stream) => {
    const hello = await stream.read();
    assert.equal(hello && decodeDeliverFrame(hello).kind, 'hello');
    await stream.write(encodeDeliverFrame({ kind: 'welcome', version: 0, marks: new Map() }));
  });
  await kyiv.conversations.submit(FROM_CLERK, toEngineer(1));
  await until(async () => (await kyiv.delivery.queues())[0]?.state === 'waiting');
  assert.equal((await kyiv.delivery.queues())[0]?.code, 'version-unknown');
});

// Fault case 14.
test(
  'neighbours that connect and say nothing are let go in time, and others are served meanwhile',
  LIMIT,
  async (t) => {
    const clock = new HandClock(Date.UTC(2026, 0, 1));
    const tree = await plantTree(t, { clock });
    const [kyiv, acme, ua] = await tree.up(KYIV, ACME, UA, BETA, ODESA);
    assert.ok(kyiv && acme && ua);
    const odesa = tree.site(ODESA).branch;
    const silent = tree.network.node(LVIV);
    const signal = AbortSignal.timeout(20_000);
    const streams = await Promise.all([
      silent.open(ACME, CUSTODY_PROTOCOL, { signal }),
      silent.open(KYIV, DELIVER_PROTOCOL, { signal }),
    ]);
    await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
    await until(() => receivedBy(odesa, SMITH).length === 1);
    clock.advance(11_000);
    const [custody, deliver] = await Promise.all(streams.map((stream) => stream.read(signal)));
    assert.deepEqual(custody && decodeCustodyFrame(custody), { kind: 'refusal', code: 'timeout' });
    assert.deepEqual(deliver && decodeDeliverFrame(deliver), { kind: 'refusal', code: 'timeout' });
  },
);

// Fault case 37.
test(
  'a backlog after an outage goes out within 30 s of the return, with no new message and nobody telling of a way',
  LIMIT,
  async (t) => {
    const clock = new HandClock(Date.UTC(2026, 0, 1));
    const tree = await plantTree(t, { clock });
    const [kyiv] = await tree.up(KYIV);
    assert.ok(kyiv);
    for (let n = 1; n <= 3; n++) await kyiv.conversations.submit(FROM_CLERK, n < 3 ? toEngineer(n) : toSmith(n));
    for (let second = 0; second < 600; second += 5) {
      clock.advance(5_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    tree.network.isSilent = true;
    const [acme, lviv] = await tree.up(ACME, LVIV);
    assert.ok(acme && lviv);
    const returned = clock.now();
    await until(() => {
      clock.advance(500);
      const isHeld = acme.delivery.custody.counters().held > 0;
      return (isHeld && receivedBy(lviv, ENGINEER).length === 2) || clock.now() > returned + 60_000;
    });
    assert.ok(clock.now() - returned <= 30_000, `it took ${clock.now() - returned} ms`);
  },
);
