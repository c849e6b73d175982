// From whom somebody hidden is kept, and from whom not, by what lies on disk of conversations, groups and mails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discreetPresence } from '../../../node/discretion/discreet-parts.ts';
import { createPresence } from '../../../node/presence/presence-service.ts';
import { directConversationId, parseGroupId, parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { author, change, epochAt, never } from '../groups/group-world.ts';
import { HandClock } from '../hand-clock.ts';
import {
  CLERK,
  COOK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  message,
  ODESA,
  PORTER,
  receivedBy,
  until,
} from '../simulated-branch.ts';
import { hiddenWorld } from './hidden-world.ts';

const LIMIT = { timeout: 30_000 };
const NOBODY = parseUserId('10000000-0000-4000-8000-0000000000ff');
const FROM = { user: CLERK, device: DEVICE };
const CLERK_OF = author(CLERK, KYIV);
const COOK_OF = author(COOK, KYIV);
const ENGINEER_OF = author(ENGINEER, LVIV);
const signal = never;

const roles = (...users: readonly UserId[]) => users.map((user, i) => [user, i === 0 ? 'owner' : 'member'] as const);

/** The first commit of a conversation of two. */
function direct(one: UserId, other: UserId) {
  const conversation = directConversationId(one, other);
  const members = [one, other].map((user) => [user, 'owner'] as const);
  const group = parseGroupId(conversation);
  return { ...change({ epoch: 0, home: KYIV, kind: 'direct', members, conversation, group }), conversation };
}

test('what a client does with the id of somebody hidden fails as with an id that nobody has', LIMIT, async (t) => {
  const { at, users } = await hiddenWorld(t, [KYIV]);
  const { lan } = at(KYIV);
  const mail = (user: UserId) => ({ user, device: DEVICE, body: Uint8Array.of(1) });
  const tries: ((user: UserId) => Promise<unknown>)[] = [
    (user) => lan.conversations.submit(FROM, message(1, 'hello', [CLERK, user])),
    (user) => lan.mails.send(FROM, 'r1', [mail(user)]),
    (user) => lan.keyPackages.claim(CLERK, user, signal),
    (user) => lan.groups.propose(CLERK_OF, direct(CLERK, user), signal),
    (user) => lan.groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, members: roles(CLERK, user) }), signal),
    // What else is wrong with it says nothing either.
    (user) => lan.groups.propose(CLERK_OF, change({ epoch: 7, home: LVIV, members: roles(CLERK, user) }), signal),
    (user) =>
      lan.groups.propose(
        CLERK_OF,
        { ...change({ epoch: 0, home: KYIV, members: roles(CLERK) }), welcomes: [mail(user)] },
        signal,
      ),
  ];
  for (const one of tries) {
    for (const user of [COOK, NOBODY]) await assert.rejects(one(user), { name: 'InputError', code: 'user-unknown' });
  }
  assert.equal(await at(KYIV).rosters.find(directConversationId(CLERK, COOK)), undefined, 'nothing was made');
  users.set(COOK, false);
  for (const one of [0, 1, 2, 3]) await tries[one]?.(COOK);
});

test('whoever is written to knows the writer, here and in another branch, and nobody else does', LIMIT, async (t) => {
  const { at } = await hiddenWorld(t, [KYIV, LVIV, ODESA]);
  const { conversations, discretion } = at(KYIV);
  const knows = async () => [
    await discretion.mayReach(CLERK, COOK),
    await at(LVIV).discretion.mayReach(ENGINEER, COOK),
    await at(ODESA).discretion.mayReach(PORTER, COOK),
  ];
  assert.deepEqual(await knows(), [false, false, false]);
  assert.equal(await discretion.mayReach(COOK, COOK), true);
  await conversations.submit({ user: COOK, device: DEVICE }, message(1, 'hello', [COOK, ENGINEER]));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  assert.deepEqual(await knows(), [false, true, false]);
  await at(LVIV).lan.conversations.submit({ user: ENGINEER, device: DEVICE }, message(2, 'hello', [ENGINEER, COOK]));
  await until(() => receivedBy(at(KYIV), COOK).length === 1);
  await conversations.submit({ user: COOK, device: DEVICE }, message(3, 'hello', [COOK, CLERK]));
  assert.deepEqual(await knows(), [true, true, false]);
});

test('a welcome that waits is enough to know its sender', LIMIT, async (t) => {
  const { at } = await hiddenWorld(t, [KYIV]);
  const { mails, discretion } = at(KYIV);
  const box = { user: CLERK, device: DEVICE };
  await mails.send({ user: COOK, device: DEVICE }, 'r1', [{ ...box, body: Uint8Array.of(1) }]);
  assert.equal(await discretion.mayReach(CLERK, COOK), true);
  await mails.acknowledge(box, await mails.list(box));
  assert.equal(await discretion.mayReach(CLERK, COOK), false);
});

test('members of a group know each other, and bring each other into further groups', LIMIT, async (t) => {
  const { at } = await hiddenWorld(t, [KYIV, LVIV]);
  const { groups, discretion, lan } = at(KYIV);
  await groups.propose(COOK_OF, change({ epoch: 0, home: KYIV, members: roles(COOK, CLERK) }), signal);
  await lan.groups.propose(CLERK_OF, direct(CLERK, COOK), signal);
  assert.equal(await discretion.mayReach(CLERK, COOK), true);
  // Another member who is not in the directory of this branch, or hidden too, is no reason to refuse a change of the group.
  const all = [...roles(COOK, CLERK), [ENGINEER, 'member']] as const;
  await lan.groups.propose(COOK_OF, change({ epoch: 1, home: KYIV, members: all }), signal);
  await until(async () => (await epochAt(at(LVIV))) === 2);
  assert.equal(await at(LVIV).discretion.mayReach(ENGINEER, COOK), true);
  assert.deepEqual((await at(LVIV).discretion.reachable(ENGINEER, [COOK, CLERK, NOBODY])).sort(), [CLERK, COOK].sort());
});

test('who left a group, or saw the other leave it, still knows the other; not who left before', LIMIT, async (t) => {
  const { at } = await hiddenWorld(t, [KYIV, LVIV]);
  const { groups } = at(LVIV);
  const { discretion } = at(KYIV);
  /** Until Kyiv has it, too. */
  const step = async (epoch: number, ...users: readonly UserId[]) => {
    await groups.propose(ENGINEER_OF, change({ epoch, home: LVIV, members: roles(ENGINEER, ...users) }), signal);
    await until(async () => (await epochAt(at(KYIV))) === epoch + 1);
  };
  await step(0, CLERK);
  await step(1);
  await step(2, COOK);
  assert.equal(await discretion.mayReach(CLERK, COOK), false, 'left before the cook came');
  await step(3);
  await step(4, CLERK);
  assert.equal(await discretion.mayReach(CLERK, COOK), false, 'came back after the cook had left');
  await step(5, CLERK, COOK);
  assert.equal(await discretion.mayReach(CLERK, COOK), true);
  await step(6, CLERK);
  assert.equal(await discretion.mayReach(CLERK, COOK), true, 'the cook has left');
  await step(7, CLERK, COOK);
  await step(8, COOK);
  assert.equal(await discretion.mayReach(CLERK, COOK), true, 'the clerk has left');
});

test('a history that was deleted entirely leaves an acquaintance where there was a group', LIMIT, async (t) => {
  const { at } = await hiddenWorld(t, [KYIV]);
  const { groups, conversations, discretion } = at(KYIV);
  const first = direct(COOK, CLERK);
  await groups.propose(COOK_OF, first, signal);
  await conversations.clear(CLERK, first.conversation, true);
  assert.deepEqual(await conversations.listConversations(CLERK), []);
  assert.equal(await discretion.mayReach(CLERK, COOK), true);
});

test('who looks at somebody hears no more of them once they are hidden, and again when shown', LIMIT, async (t) => {
  const { at, users, network } = await hiddenWorld(t, [KYIV]);
  const { discretion } = at(KYIV);
  users.set(COOK, false);
  const clock = new HandClock(1_000_000);
  const parts = { realm: KYIV, network: network.node(KYIV), directory: users, clock, random: () => 0, log: silentLog };
  const presence = createPresence(parts);
  await presence.start();
  t.after(() => presence.stop());
  const seen: string[] = [];
  const watched = discreetPresence(presence, { discretion, directory: users, log: silentLog });
  const watch = watched.watch(
    CLERK,
    (event) => event.kind === 'state' && seen.push(`${event.user === COOK} ${event.state}`),
  );
  watch.set([COOK, CLERK]);
  presence.setOnline(COOK, DEVICE);
  await until(() => seen.at(-1) === 'true online');
  users.set(COOK, true);
  await until(() => seen.at(-1) === 'true offline');
  const before = seen.length;
  presence.setOffline(COOK, DEVICE);
  presence.setOnline(COOK, DEVICE);
  presence.setOnline(CLERK, DEVICE);
  await until(() => seen.at(-1) === 'false online');
  assert.equal(seen.length, before + 1);
  users.set(COOK, false);
  await until(() => seen.at(-1) === 'true online');
  watch.end();
});
