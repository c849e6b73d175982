// The engine of a client against fellow users and servers who keep no rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceChecks } from '../../../src/client/engine/device-checks.ts';
import type { ReceivedMail } from '../../../src/client/engine/device-server.ts';
import type { OutgoingMail } from '../../../src/client/engine/group-server.ts';
import { makeKeyRequest } from '../../../src/client/engine/key-requests.ts';
import { encodeMail } from '../../../src/client/engine/mail.ts';
import { Mailroom } from '../../../src/client/engine/mailroom.ts';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { parseMessageId } from '../../../src/realm/ids.ts';
import { CONVERSATION, People, type Person, rosterOf } from '../../crypto/mls/people.ts';
import { Home, type Station, stationOf } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };
const ID = parseMessageId('00000000-0000-4000-8000-0000000000aa');

/** A group of an owner and a member, with a device each. */
async function kitchen() {
  const [people, home] = [new People(), new Home()];
  const [clerk, cook, mallory] = [people.person(), people.person(), people.person()];
  const [atClerk, atCook] = [people.device(clerk), people.device(cook)];
  const [clerks, cooks] = [await stationOf(people, home, atClerk), await stationOf(people, home, atCook)];
  await cooks.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  const group = await clerks.keeper.create(CONVERSATION, roster);
  await cooks.keeper.follow(CONVERSATION);
  return { people, home, clerk, cook, mallory, atClerk, atCook, clerks, cooks, group, roster };
}

/** A mailroom of that device, whose server holds these mails. */
function mailroomOf(station: Station, device: OwnDevice, mails: readonly Pick<ReceivedMail, 'body'>[]) {
  const sent: OutgoingMail[] = [];
  const troubles: string[] = [];
  let waiting = mails.map(({ body }, at) => ({ ...station.me, sender: station.me.user, id: ID, at, body }));
  const { user } = station.me;
  const keys = { signature: device.signature, hpke: hpkeOf.get(device) ?? assert.fail() };
  const mailroom = new Mailroom({
    account: { user, certificate: station.me, keys },
    server: {
      send: async (_, to) => void sent.push(...to),
      received: async () => waiting,
      acknowledge: async (done) => {
        waiting = waiting.filter(({ at }) => !done.some((one) => one.at === at));
      },
    },
    keeper: station.keeper,
    epochs: station.epochs,
    checks: station.checks,
    clock: { now: Date.now },
    look: async () => assert.fail(),
    onOpened: () => {},
    onTrouble: (code) => troubles.push(code),
  });
  return { mailroom, sent, troubles, left: () => waiting.length };
}
const hpkeOf = new WeakMap<OwnDevice, Awaited<ReturnType<typeof generateHpkeKey>>>();

async function readable(people: People, person: Person, claims: Parameters<People['device']>[1] = {}) {
  const hpke = await generateHpkeKey(false);
  const device = people.device(person, { ...claims, hpkeKey: hpke.publicKey });
  hpkeOf.set(device, hpke);
  return { device, asking: { certificate: device.certificate, keys: { signature: device.signature, hpke } } };
}

test("whoever certifies a device under the id of another's gets no key of an epoch", LIMIT, async () => {
  const { people, mallory, atCook, atClerk, clerks, group } = await kitchen();
  hpkeOf.set(atClerk, await generateHpkeKey(false));
  const { asking } = await readable(people, mallory, { device: atCook.certificate.device });
  const payload = makeKeyRequest(asking, CONVERSATION, group.group, [1]);
  const body = encodeMail({ kind: 'key-request', conversation: CONVERSATION, payload });
  const { mailroom, sent } = mailroomOf(clerks, atClerk, [{ body }]);
  await mailroom.collect();
  assert.deepEqual(sent, []);
});

test('a leaf of that epoch is answered', LIMIT, async () => {
  const { people, cook, atCook, atClerk, clerks, group } = await kitchen();
  hpkeOf.set(atClerk, await generateHpkeKey(false));
  const { asking } = await readable(people, cook, { device: atCook.certificate.device, sequence: 2 });
  const payload = makeKeyRequest(asking, CONVERSATION, group.group, [1]);
  const body = encodeMail({ kind: 'key-request', conversation: CONVERSATION, payload });
  const { mailroom, sent } = mailroomOf(clerks, atClerk, [{ body }]);
  await mailroom.collect();
  assert.equal(sent.length, 1);
});

async function lasting(checks: DeviceChecks, device: OwnDevice) {
  await checks.learn([device.certificate]);
  return checks.remembered(device.certificate);
}

test(
  'of a device the newest certificate of the pinned identity is remembered, and nobody else writes there',
  LIMIT,
  async () => {
    const { people, cook, mallory, atCook, clerks } = await kitchen();
    const { bytes: _, ...claims } = atCook.certificate;
    const renewed = issueDeviceCertificate(cook.identity, { ...claims, sequence: 2 });
    assert.equal(renewed.bytes.length, atCook.certificate.bytes.length);
    const later = await lasting(clerks.checks, { ...atCook, certificate: renewed });
    assert.deepEqual(later?.bytes, renewed.bytes);
    assert.deepEqual((await lasting(clerks.checks, atCook))?.bytes, renewed.bytes);
    // Under the same device id, of a user of their own; and of the same user, by an identity of their own.
    const theirs = people.device(mallory, { device: claims.device, sequence: 9_000 });
    await clerks.checks.learn([theirs.certificate]);
    const forged = issueDeviceCertificate(mallory.identity, { ...claims, sequence: 9_000 });
    await clerks.checks.learn([forged]);
    assert.deepEqual(clerks.checks.remembered(renewed)?.bytes, renewed.bytes);
  },
);

test('a device that was away follows the joining of one that expired or was removed since', LIMIT, async () => {
  const { people, home, cook, clerks, cooks } = await kitchen();
  const now = Date.now();
  const second = people.device(cook, { notAfter: now + 1_000 });
  const seconds = await stationOf(people, home, second);
  await seconds.keeper.follow(CONVERSATION);
  const third = await stationOf(people, home, people.device(cook));
  await third.keeper.follow(CONVERSATION);
  people.removed.add(third.me.device);
  people.clock.now = () => now + 10 * 3_600_000;
  const group = await clerks.keeper.follow(CONVERSATION);
  assert.equal(group?.epoch, 4);
  const doubtful = (await group.doubtful()).map(({ certificate, why }) => [certificate.device, why]);
  assert.deepEqual(doubtful, [
    [second.certificate.device, 'expired'],
    [third.me.device, 'removed'],
  ]);
  const ready = await clerks.keeper.ready(CONVERSATION, () => assert.fail());
  assert.deepEqual(
    ready
      .members()
      .map(({ device }) => device)
      .sort(),
    [clerks.me.device, cooks.me.device].sort(),
  );
});
