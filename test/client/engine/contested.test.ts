// A commit that home took and members refuse: the group goes on, nothing is written under what was refused, and the next commit takes it back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { encodeRoster, type MemberRole } from '../../../src/crypto/roster.ts';
import { HostileMember } from '../../crypto/mls/hostile-member.ts';
import { CONVERSATION, People, type Person, rosterOf } from '../../crypto/mls/people.ts';
import { Home, type Station, stationOf } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

/** An owner, a member who keeps no rule, and an honest member. */
async function group(role: MemberRole = 'member') {
  const [people, home] = [new People(), new Home()];
  const persons = {
    clerk: people.person(),
    mallory: people.person(),
    cook: people.person(),
    stranger: people.person(),
  };
  const devices = {
    clerk: people.device(persons.clerk),
    mallory: people.device(persons.mallory),
    cook: people.device(persons.cook),
  };
  const stationed = (device: OwnDevice) => stationOf(people, home, device);
  const clerk = await stationed(devices.clerk);
  const mallory = await stationed(devices.mallory);
  const cook = await stationed(devices.cook);
  for (const { own } of [mallory, cook]) await own.replenish();
  const roster = rosterOf([
    [persons.clerk, 'owner'],
    [persons.mallory, role],
    [persons.cook, 'member'],
  ]);
  await clerk.keeper.create(CONVERSATION, roster);
  for (const { keeper } of [mallory, cook, clerk]) await keeper.follow(CONVERSATION);
  for (const { keeper } of [mallory, cook]) await keeper.follow(CONVERSATION);
  const present = await presentOf(mallory);
  const hostile = new HostileMember(people, devices.mallory, present);
  /** Home sees nothing wrong with it. */
  const slip = (commit: Uint8Array) => {
    const { group: id, epoch } = present;
    const offer = {
      group: id,
      epoch,
      commit,
      groupInfo: new Uint8Array([1]),
      roster: encodeRoster(roster),
      welcomes: [],
    };
    const { user, device } = devices.mallory.certificate;
    home.commit(CONVERSATION, offer, { user, device, at: people.clock.now() });
  };
  const wanted = { roster: () => roster };
  const write = ({ keeper }: Station) => keeper.ready(CONVERSATION, wanted, async (now) => now);
  return { people, home, persons, devices, clerk, mallory, cook, hostile, slip, write, present };
}

async function presentOf({ keeper }: Station): Promise<MlsGroup> {
  return (await keeper.present(CONVERSATION)) ?? assert.fail('no group');
}

const usersOf = (now: MlsGroup) => now.roster.members.map(({ user }) => user).sort();
const idsOf = (persons: readonly Person[]) => persons.map(({ user }) => user).sort();

test(
  'a device of a stranger that a member brought in is out with the next commit, and so is the member',
  LIMIT,
  async () => {
    const { people, persons, clerk, cook, hostile, slip, write, present } = await group();
    const strange = people.device(persons.stranger);
    slip(await hostile.commit([await hostile.adds(strange)]));
    for (const { keeper } of [clerk, cook]) await keeper.follow(CONVERSATION);
    const contested = await presentOf(cook);
    assert.equal(contested.epoch, present.epoch + 1);
    assert.equal(contested.contest?.code, 'device-not-of-member');
    assert.deepEqual(cook.news.at(-1)?.refused && cook.news.at(-1)?.by, persons.mallory.user);
    const after = await write(clerk);
    assert.equal(after.contest, undefined);
    assert.deepEqual(usersOf(after), idsOf([persons.clerk, persons.cook]));
    await cook.keeper.follow(CONVERSATION);
    const followed = await presentOf(cook);
    assert.equal(followed.epoch, after.epoch);
    assert.equal(followed.contest, undefined);
    assert.deepEqual(await followed.contentKey(), await after.contentKey());
    assert.ok(!followed.members().some(({ device }) => device === strange.certificate.device));
  },
);

test('a member who may remove nobody takes a refused commit back, and the device that made it', LIMIT, async () => {
  const { people, persons, devices, clerk, cook, hostile, slip, write } = await group();
  slip(await hostile.commit([await hostile.adds(people.device(persons.stranger))]));
  const after = await write(cook);
  assert.ok(usersOf(after).includes(persons.mallory.user));
  assert.ok(!after.members().some(({ device }) => device === devices.mallory.certificate.device));
  await clerk.keeper.follow(CONVERSATION);
  assert.equal((await presentOf(clerk)).contest, undefined);
});

test('what was refused outlives the end of a client, and who made it can’t take it back', LIMIT, async () => {
  const { people, home, persons, devices, cook, hostile, slip, present } = await group();
  slip(await hostile.commit([await hostile.adds(people.device(persons.stranger))]));
  await cook.keeper.follow(CONVERSATION);
  const contested = await presentOf(cook);
  const { MlsGroup: Group } = await import('../../../src/crypto/mls/mls-group.ts');
  const again = Group.decode(contested.encode(), people.parts(devices.cook));
  assert.deepEqual(again.contest, contested.contest);
  assert.equal(again.contest?.blamed?.device, devices.mallory.certificate.device);
  // In the epoch that is contested nobody counts who did not before.
  const name = { conversation: CONVERSATION, group: present.group, epoch: contested.epoch };
  const { user, device } = devices.mallory.certificate;
  assert.equal(await cook.keeper.wasLeaf(name, { user, device }), false);
  assert.equal(home.groups.get(CONVERSATION)?.offers.length, contested.epoch);
});

test('a commit that one member can’t open brings that member back from outside, and names nobody', LIMIT, async () => {
  const { home, clerk, cook, devices, write } = await group();
  await clerk.keeper.change(CONVERSATION, async () => ({}));
  // What is sealed for the cook's device does not open: as a bad path does, or a server that alters it.
  const kept = home.groups.get(CONVERSATION) ?? assert.fail();
  const last = kept.offers.at(-1) ?? assert.fail();
  const genuine = last.commit;
  const altered = genuine.slice();
  altered.set([(altered.at(-5) ?? 0) ^ 1], altered.length - 5);
  kept.offers[kept.offers.length - 1] = { ...last, commit: altered };
  const after = await write(cook);
  assert.equal(after.contest, undefined);
  assert.ok(after.members().some(({ device }) => device === devices.cook.certificate.device));
  kept.offers[kept.offers.indexOf(kept.offers.find(({ commit }) => commit === altered) ?? last)] = {
    ...last,
    commit: genuine,
  };
  await clerk.keeper.follow(CONVERSATION);
  assert.deepEqual(await (await presentOf(clerk)).contentKey(), await after.contentKey());
  assert.ok(!cook.news.some(({ refused }) => refused));
});
