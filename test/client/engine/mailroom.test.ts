// What a device does with mails: of strangers, in the wrong order, and those that lead nowhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeKeyRequest } from '../../../src/client/engine/key-requests.ts';
import { encodeMail } from '../../../src/client/engine/mail.ts';
import type { Looked } from '../../../src/client/engine/message-keys.ts';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import { encodeWelcome } from '../../../src/crypto/mls/welcome.ts';
import { parseDeviceId, parseGroupId, parseMessageId, type UserId } from '../../../src/realm/ids.ts';
import { CONVERSATION, People, rosterOf } from '../../crypto/mls/people.ts';
import { HandClock } from '../../node/hand-clock.ts';
import { hpkeOf, kitchen, mailroomOf, readable } from './kitchen.ts';
import { AWAY, Home, stationOf } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

function messageOf(sender: UserId) {
  const id = parseMessageId('00000000-0000-4000-8000-0000000000c1');
  const device = parseDeviceId('00000000-0000-4000-8000-0000000000c2');
  const stamp = { ms: 1, counter: 0 };
  const base = { id, conversation: CONVERSATION, sender, device, recipients: [] as UserId[], stamp };
  const message = { ...base, expires: 0, body: new Uint8Array(1), path: 'local', state: 'stored' } as const;
  const event = { ...base, role: 'member', state: 'stored' } as const;
  return { id, message, event };
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

test('a group that has one stays with it, whoever invites into another', LIMIT, async () => {
  const { people, clerk, cook, mallory, cooks, home, atCook } = await kitchen();
  const elsewhere = new Home();
  for (const [user, laid] of home.packages) elsewhere.packages.set(user, laid);
  // The lowest id of all.
  const zeros = (length: number) => new Uint8Array(length);
  const trap = await stationOf(people, elsewhere, people.device(mallory), undefined, zeros);
  const before = await cooks.keeper.present(CONVERSATION);
  const members = rosterOf([
    [mallory, 'owner'],
    [clerk, 'member'],
    [cook, 'member'],
  ]);
  const made = await trap.keeper.create(CONVERSATION, members);
  assert.ok(before && made.group < before.group);
  const [offer] = elsewhere.groups.get(CONVERSATION)?.offers ?? [];
  const welcome = offer?.welcomes.find(({ user }) => user === cook.user) ?? assert.fail('no welcome');
  home.groups.set(CONVERSATION, elsewhere.groups.get(CONVERSATION) ?? assert.fail());
  hpkeOf.set(atCook, await generateHpkeKey(false));
  const { mailroom, left, troubles } = mailroomOf(cooks, atCook, [welcome]);
  await mailroom.collect();
  assert.equal(left(), 0);
  assert.deepEqual(troubles, ['group-other']);
  assert.equal((await cooks.keeper.present(CONVERSATION))?.group, before.group);
});

test('a mail that has to wait keeps no other waiting', LIMIT, async () => {
  const { people, atClerk, atCook, cook, clerks, group } = await kitchen();
  hpkeOf.set(atClerk, await generateHpkeKey(false));
  const { asking } = await readable(people, cook, { device: atCook.certificate.device, sequence: 2 });
  const payload = makeKeyRequest(asking, CONVERSATION, group.group, [1]);
  const request = encodeMail({ kind: 'key-request', conversation: CONVERSATION, payload });
  const welcome = encodeWelcome({
    group: parseGroupId('00000000-0000-4000-8000-0000000000b1'),
    epoch: 1,
    reference: new Uint8Array(32),
    kemOutput: new Uint8Array(32),
    ciphertext: new Uint8Array(32),
  });
  const waits = encodeMail({ kind: 'welcome', conversation: AWAY, payload: welcome });
  const { mailroom, sent, left } = mailroomOf(clerks, atClerk, [{ body: waits }, { body: request }]);
  await mailroom.collect();
  assert.equal(sent.length, 1);
  assert.equal(left(), 1);
});

test('a welcome that comes before its commit waits for it', LIMIT, async () => {
  const [people, home] = [new People(), new Home()];
  const [clerk, cook] = [people.person(), people.person()];
  const [clerks, atCook] = [await stationOf(people, home, people.device(clerk)), people.device(cook)];
  const cooks = await stationOf(people, home, atCook);
  await cooks.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  const group = await clerks.keeper.create(CONVERSATION, roster);
  const kept = home.groups.get(CONVERSATION) ?? assert.fail();
  const welcome = kept.offers[0]?.welcomes.find(({ user }) => user === cook.user) ?? assert.fail('no welcome');
  home.groups.delete(CONVERSATION);
  hpkeOf.set(atCook, await generateHpkeKey(false));
  const clock = new HandClock(Date.now());
  const { mailroom, left, troubles } = mailroomOf(cooks, atCook, [welcome], clock);
  await mailroom.collect();
  assert.deepEqual([left(), mailroom.hasStuck, troubles], [1, true, []]);
  home.groups.set(CONVERSATION, kept);
  clock.advance(2_000);
  await mailroom.collect();
  assert.deepEqual([left(), mailroom.hasStuck, troubles], [0, false, []]);
  assert.equal((await cooks.keeper.present(CONVERSATION))?.group, group.group);
  assert.ok(cooks.epochs.get({ conversation: CONVERSATION, group: group.group, epoch: 1 }));
  mailroom.close();
});

test('a welcome whose commit never comes is given up in the end', LIMIT, async () => {
  const { atCook, cooks } = await kitchen();
  hpkeOf.set(atCook, await generateHpkeKey(false));
  const away = encodeWelcome({
    group: parseGroupId('00000000-0000-4000-8000-0000000000b1'),
    epoch: 1,
    reference: new Uint8Array(32),
    kemOutput: new Uint8Array(32),
    ciphertext: new Uint8Array(32),
  });
  const body = encodeMail({ kind: 'welcome', conversation: AWAY, payload: away });
  const clock = new HandClock(Date.now());
  const { mailroom, left } = mailroomOf(cooks, atCook, [{ body }], clock);
  await mailroom.collect();
  assert.equal(left(), 1);
  clock.advance(8 * 24 * 3600_000);
  await mailroom.collect();
  assert.equal(left(), 0);
  mailroom.close();
});

test('a message that several look at again at one time is opened once, and waits no more', LIMIT, async () => {
  const { atCook, cooks, clerk, group } = await kitchen();
  hpkeOf.set(atCook, await generateHpkeKey(false));
  const { id, message, event } = messageOf(clerk.user);
  const missing = { event, missing: { conversation: CONVERSATION, group: group.group, epoch: 9 } };
  const looks: ((looked: Looked) => void)[] = [];
  const look = () => new Promise<Looked>((resolve) => void looks.push(resolve));
  const { mailroom, reopened } = mailroomOf(cooks, atCook, [], new HandClock(Date.now()), look);
  mailroom.hold(message, missing);
  const all = [1, 2, 3].map(() => mailroom.retry(CONVERSATION));
  const [first, second, slow] = looks;
  first?.({ event });
  second?.({ event });
  await Promise.all(all.slice(0, 2));
  slow?.(missing);
  await Promise.all(all);
  assert.deepEqual([reopened, mailroom.waiting], [[id], 0]);
  mailroom.close();
});

test('a message whose key comes while it is looked at is opened', LIMIT, async () => {
  const { atCook, cooks, clerk, group } = await kitchen();
  hpkeOf.set(atCook, await generateHpkeKey(false));
  const { id, message, event } = messageOf(clerk.user);
  const { mailroom, reopened } = mailroomOf(cooks, atCook, [], new HandClock(Date.now()), async () => ({ event }));
  mailroom.hold(message, { event, missing: { conversation: CONVERSATION, group: group.group, epoch: 1 } });
  await mailroom.retry(CONVERSATION);
  assert.deepEqual([reopened, mailroom.waiting], [[id], 0]);
  mailroom.close();
});

test(
  'a message that is quicker than the news of its device is looked at again, and asks nobody for a key',
  LIMIT,
  async () => {
    const { atCook, cooks, clerk, group } = await kitchen();
    hpkeOf.set(atCook, await generateHpkeKey(false));
    const clock = new HandClock(Date.now());
    const { id, message, event } = messageOf(clerk.user);
    const missing = { conversation: CONVERSATION, group: group.group, epoch: 1 };
    const unknown = { event, missing, unknown: clerk.user };
    let isKnown = false;
    const look = async () => (isKnown ? { event } : unknown);
    const { mailroom, sent, reopened } = mailroomOf(cooks, atCook, [], clock, look);
    mailroom.hold(message, unknown);
    await mailroom.askAgain();
    await mailroom.collect();
    assert.deepEqual([mailroom.waiting, mailroom.hasStuck, reopened, sent], [1, true, [], []]);
    isKnown = true;
    clock.advance(2_000);
    await mailroom.collect();
    assert.deepEqual([mailroom.waiting, mailroom.hasStuck, reopened], [0, false, [id]]);
    mailroom.close();
  },
);

test(
  'a message that was looked at while the server was away is looked at soon after it is back, however long that was',
  LIMIT,
  async () => {
    const { atCook, cooks, clerk, group } = await kitchen();
    hpkeOf.set(atCook, await generateHpkeKey(false));
    const clock = new HandClock(Date.now());
    const { id, message, event } = messageOf(clerk.user);
    const unknown = {
      event,
      missing: { conversation: CONVERSATION, group: group.group, epoch: 1 },
      unknown: clerk.user,
    };
    let isAway = true;
    const look = async () => (isAway ? unknown : { event });
    const { mailroom, reopened } = mailroomOf(cooks, atCook, [], clock, look);
    mailroom.hold(message, unknown);
    for (let minutes = 0; minutes < 10; minutes++) {
      clock.advance(60_000);
      await mailroom.collect();
    }
    mailroom.connected();
    await mailroom.collect();
    isAway = false;
    // By its own timer alone.
    clock.advance(2_000);
    for (let turns = 0; mailroom.waiting > 0 && turns < 100; turns++) await new Promise(setImmediate);
    assert.deepEqual([reopened, mailroom.waiting], [[id], 0]);
    mailroom.close();
  },
);

test('a message that one part came for too early is told once another one could read it', LIMIT, async () => {
  const { atCook, cooks, clerk, group } = await kitchen();
  hpkeOf.set(atCook, await generateHpkeKey(false));
  const { id, message, event } = messageOf(clerk.user);
  const { mailroom, reopened } = mailroomOf(cooks, atCook, [], new HandClock(Date.now()), async () => ({ event }));
  const missing = { conversation: CONVERSATION, group: group.group, epoch: 9 };
  mailroom.hold(message, { event, missing, unknown: clerk.user });
  mailroom.hold(message, { event });
  await mailroom.retry(CONVERSATION);
  assert.deepEqual([reopened, mailroom.waiting], [[id], 0]);
  mailroom.close();
});
