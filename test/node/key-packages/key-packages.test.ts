// Key packages: given out once, the last resort when there is no other, and for a branch that is out of reach.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WritePermit } from '../../../node/incarnation/write-permit.ts';
import {
  decodePackagesAnswer,
  decodePackagesRequest,
  encodePackagesAnswer,
  encodePackagesRequest,
  type PackagesAnswer,
  type PackagesRequest,
} from '../../../src/protocols/key-packages/frames.ts';
import { MAX_KEY_PACKAGE } from '../../../src/protocols/key-packages/index.ts';
import { parseDeviceId, parseUserId } from '../../../src/realm/ids.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { never, world } from '../groups/group-world.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, COOK, DEVICE, ENGINEER, KYIV, LVIV, startBranch, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

const LIMIT = { timeout: 30_000 };
const bytes = (...list: number[]) => Uint8Array.from(list);

test('each one-time package is given out once, then the last resort again and again', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const { keyPackages } = at(KYIV);
  assert.deepEqual(await keyPackages.claim(CLERK, COOK, never), []);
  assert.equal(await keyPackages.put(COOK, DEVICE, { packages: [bytes(1), bytes(2)], lastResort: bytes(9) }), 2);
  const taken = await Promise.all([1, 2, 3, 4].map(() => keyPackages.claim(CLERK, COOK, never)));
  const given = taken.map(([one]) => [one?.keyPackage[0], one?.isLastResort]);
  assert.deepEqual(given.sort(), [
    [1, false],
    [2, false],
    [9, true],
    [9, true],
  ]);
  await assert.rejects(keyPackages.put(COOK, DEVICE, { packages: [new Uint8Array(MAX_KEY_PACKAGE + 1)] }), {
    code: 'key-package-too-long',
  });
  await keyPackages.drop(COOK, DEVICE);
  assert.deepEqual(await keyPackages.claim(CLERK, COOK, never), []);
});

test('somebody who claims without end gets the last resort, and leaves the others for others', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const packages = Array.from({ length: 30 }, (_, n) => bytes(n));
  await at(KYIV).keyPackages.put(COOK, DEVICE, { packages, lastResort: bytes(99) });
  for (let n = 0; n < 20; n++) await at(KYIV).keyPackages.claim(CLERK, COOK, never);
  assert.equal((await at(KYIV).keyPackages.claim(CLERK, COOK, never))[0]?.isLastResort, true);
  assert.equal((await at(KYIV).keyPackages.claim(ENGINEER, COOK, never))[0]?.isLastResort, false);
});

test(
  'those of another branch are claimed there, and when it is out of reach the kept last resort serves',
  LIMIT,
  async (t) => {
    const { at, network } = await world(t, [KYIV, LVIV]);
    await at(LVIV).keyPackages.put(ENGINEER, DEVICE, { packages: [bytes(1)], lastResort: bytes(9) });
    const claim = async () =>
      (await at(KYIV).keyPackages.claim(CLERK, ENGINEER, never)).map((one) => one.keyPackage[0]);
    assert.deepEqual(await claim(), [1]);
    network.up(LVIV);
    await until(() => at(KYIV).keyPackages.counters()['fetched'] === 1);
    network.down(LVIV);
    assert.deepEqual(await claim(), [9]);
    network.up(LVIV);
    await at(LVIV).keyPackages.drop(ENGINEER, DEVICE);
    await until(async () => {
      // A question that is still under way says nothing of what came after it.
      network.up(LVIV);
      return at(KYIV).keyPackages.counters()['fetched'] === 2;
    });
    network.down(LVIV);
    await assert.rejects(claim());
  },
);

test('soon after somebody of another branch has a device, its last resort is here', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const { at, network } = await world(t, [KYIV, LVIV], { clock });
  const [kyiv, lviv] = [at(KYIV), at(LVIV)];
  network.up(LVIV);
  await lviv.keyPackages.put(ENGINEER, DEVICE, { packages: [], lastResort: bytes(9) });
  kyiv.keyPackages.expect(LVIV);
  clock.advance(3_000);
  await until(() => kyiv.keyPackages.counters()['fetched'] === 1);
  network.down(LVIV);
  const [kept] = await kyiv.keyPackages.claim(CLERK, ENGINEER, never);
  assert.deepEqual(kept?.keyPackage, bytes(9));
});

test('devices that are gone take no place of one that is there', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const { keyPackages } = at(KYIV);
  for (let n = 0; n < 70; n++) {
    const guest = parseDeviceId(`00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
    await keyPackages.put(COOK, guest, { packages: [bytes(1)], lastResort: bytes(9) });
    await keyPackages.drop(COOK, guest);
  }
  await keyPackages.put(COOK, DEVICE, { packages: [], lastResort: bytes(7) });
  assert.deepEqual(
    (await keyPackages.claim(CLERK, COOK, never)).map((one) => [one.device, one.keyPackage[0]]),
    [[DEVICE, 7]],
  );
});

test(
  'a node restored from a copy gives out no one-time package that it may have given out before',
  LIMIT,
  async (t) => {
    const database = await openDatabase(await temporaryFolder(t));
    const open = (incarnation: number, network = new SimulatedNetwork()) =>
      startBranch({ realm: KYIV, database, network, incarnation });
    const first = await open(1);
    await first.keyPackages.put(COOK, DEVICE, { packages: [bytes(1), bytes(2)], lastResort: bytes(9) });
    await first.stop();
    const restored = await open(2);
    const firstOf = async (branch: typeof first) =>
      (await branch.keyPackages.claim(CLERK, COOK, never))[0]?.keyPackage[0];
    assert.equal(await firstOf(restored), 9);
    assert.equal(await restored.keyPackages.put(COOK, DEVICE, { packages: [bytes(3)] }), 1);
    await restored.stop();
    const again = await open(2);
    t.after(() => again.stop().then(() => database.close()));
    assert.equal(await firstOf(again), 3);
  },
);

test(
  'a restored copy that nobody has confirmed gives out the last resort alone, and takes nothing',
  LIMIT,
  async (t) => {
    const database = await openDatabase(await temporaryFolder(t));
    const open = (incarnation: number, permit?: WritePermit) =>
      startBranch({ realm: KYIV, database, network: new SimulatedNetwork(), incarnation, ...(permit && { permit }) });
    const first = await open(1);
    await first.keyPackages.put(COOK, DEVICE, { packages: [bytes(1), bytes(2)], lastResort: bytes(9) });
    await first.stop();
    const permit = new WritePermit('restored');
    const copy = await open(1, permit);
    t.after(() => copy.stop().then(() => database.close()));
    const claimed = async () => (await copy.keyPackages.claim(CLERK, COOK, never))[0];
    assert.deepEqual([(await claimed())?.keyPackage, (await claimed())?.isLastResort], [bytes(9), true]);
    await assert.rejects(copy.keyPackages.put(COOK, DEVICE, { packages: [bytes(3)] }), { code: 'read-only' });
    // It was no copy after all, and nothing is lost.
    permit.grant();
    assert.deepEqual((await claimed())?.keyPackage, bytes(1));
  },
);

const device = fc.uuid({ version: [4] }).map(parseDeviceId);
const user = fc.uuid({ version: [4] }).map(parseUserId);
const keyPackage = fc.uint8Array({ maxLength: 100 });
const plain = { noNullPrototype: true } as const;
const requests: fc.Arbitrary<PackagesRequest> = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), user }, plain),
  fc.record({ kind: fc.constant('changes' as const), after: fc.nat() }, plain),
);
const answers: fc.Arbitrary<PackagesAnswer> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('packages' as const),
      packages: fc.array(fc.record({ device, keyPackage, isLastResort: fc.boolean() }, plain)),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('changes' as const),
      changes: fc.array(fc.record({ user, device, keyPackage }, plain)),
      upTo: fc.nat(),
      more: fc.boolean(),
    },
    plain,
  ),
  fc.record({ kind: fc.constant('refused' as const), code: fc.string({ maxLength: 20 }) }, plain),
);

test('frames of key packages come back as they went, and every truncation is refused', () => {
  fc.assert(fc.property(requests, (one) => assert.deepEqual(decodePackagesRequest(encodePackagesRequest(one)), one)));
  fc.assert(fc.property(answers, (one) => assert.deepEqual(decodePackagesAnswer(encodePackagesAnswer(one)), one)));
  const whole = encodePackagesAnswer({
    kind: 'packages',
    packages: [{ device: DEVICE, keyPackage: bytes(1, 2), isLastResort: true }],
  });
  assert.equal(Buffer.from(whole).toString('hex'), '83010081835030000000000040008000000000000001420102f5');
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => decodePackagesAnswer(whole.subarray(0, length)), { code: 'frame-malformed' });
  }
});
