// A device without a state of a group that the user's vault knows: whose word counts for what the group has become meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { encodeRoster, type Roster } from '../../../src/crypto/roster.ts';
import { type ConversationId, idBytes } from '../../../src/realm/ids.ts';
import { CONVERSATION, GROUP, People, type Person, rosterOf } from '../../crypto/mls/people.ts';
import { Home, type Station, stationOf, VaultOfTests } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

/** The cook's device has been in a group of the clerk's, and is lost since; the vault is not. */
async function withLostDevice() {
  const [people, home, vault] = [new People(), new Home(), new VaultOfTests()];
  const [clerk, cook, guard, mallory] = [people.person(), people.person(), people.person(), people.person()];
  const at = (person: Person) => people.device(person);
  const atClerk = at(clerk);
  const clerks = await stationOf(people, home, atClerk);
  const guards = await stationOf(people, home, at(guard));
  const cooks = await stationOf(people, home, at(cook), vault);
  for (const one of [guards, cooks]) await one.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  await clerks.keeper.create(CONVERSATION, roster);
  const seen = (await cooks.keeper.follow(CONVERSATION)) ?? assert.fail('no group');
  await clerks.keeper.follow(CONVERSATION);
  const fresh = () => stationOf(people, home, at(cook), vault);
  return { people, home, vault, clerk, atClerk, cook, guard, mallory, clerks, cooks, guards, roster, seen, fresh };
}

const come = (station: Station) => {
  return station.keeper.ready(CONVERSATION, { roster: () => assert.fail('there is a group') }, async (group) => group);
};

/** A group of the same name that its maker made up, as far as that epoch. */
async function madeUp(
  people: People,
  by: OwnDevice,
  { seen, epoch }: { seen: MlsGroup; epoch: number },
  roster: Roster,
) {
  const parts = people.parts(by);
  let group = await MlsGroup.create({ group: seen.group, conversation: CONVERSATION, roster }, parts);
  const offers = [];
  while (group.epoch < epoch) {
    const made = await group.commit({});
    offers.push(made);
    group = made.accept();
  }
  return { group, offers };
}

/** What home shows from now on. */
function show(home: Home, conversation: ConversationId, made: Awaited<ReturnType<typeof madeUp>>, from: number) {
  const { offers, by } = home.groups.get(conversation) ?? assert.fail();
  const [who] = [by.at(-1) ?? assert.fail()];
  offers.splice(from);
  by.splice(from);
  for (const offer of made.offers.slice(from)) {
    offers.push({ ...offer, group: made.group.group, roster: encodeRoster(made.group.roster), welcomes: [] });
    by.push(who);
  }
}

/** The clerk hands the group over to the guard, and goes. */
async function handedOver(given: Awaited<ReturnType<typeof withLostDevice>>, rounds = 0) {
  const { clerk, cook, guard, clerks, guards } = given;
  const all = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
    [guard, 'owner'],
  ]);
  const add = await clerks.keeper.packagesOf([guard.user]);
  await clerks.keeper.change(CONVERSATION, async () => ({ roster: all, add }));
  await guards.keeper.follow(CONVERSATION);
  const without = { ...all, members: all.members.filter(({ user }) => user !== clerk.user) };
  await guards.keeper.change(CONVERSATION, async () => ({ roster: without }));
  for (let i = 0; i < rounds; i++) await guards.keeper.change(CONVERSATION, async () => ({}));
}

test('a new device takes a group that somebody made up from nobody whom the vault does not know', LIMIT, async () => {
  const given = await withLostDevice();
  const { people, home, clerk, cook, mallory, seen, fresh } = given;
  const roster = rosterOf([
    [mallory, 'owner'],
    [clerk, 'member'],
    [cook, 'member'],
  ]);
  const genuine = [...(home.groups.get(CONVERSATION)?.offers ?? [])];
  for (const from of [genuine.length, 0]) {
    const made = await madeUp(people, people.device(mallory), { seen, epoch: seen.epoch + 3 }, roster);
    show(home, CONVERSATION, made, from);
    const device = await fresh();
    await assert.rejects(come(device), { code: 'group-info-missing' });
    assert.equal(await device.keeper.present(CONVERSATION), undefined);
    assert.equal(home.groups.get(CONVERSATION)?.offers.length, seen.epoch + 3, 'and offers nothing there');
  }
});

test('nor by a server that calls it another group, or by a welcome', LIMIT, async () => {
  const { people, home, clerk, cook, mallory, seen, fresh } = await withLostDevice();
  const roster = rosterOf([
    [mallory, 'owner'],
    [clerk, 'member'],
    [cook, 'member'],
  ]);
  const made = await madeUp(people, people.device(mallory), { seen, epoch: seen.epoch + 3 }, roster);
  const device = await fresh();
  await device.own.replenish();
  const [laid] = (home.packages.get(cook.user) ?? []).filter((one) => one.device === device.me.device);
  const offer = await made.group.commit({ add: [laid?.bytes ?? assert.fail()] });
  const [welcome = assert.fail()] = offer.welcomes;
  const asked = home.group.bind(home);
  home.group = () => ({
    group: seen.group,
    epoch: offer.epoch + 1,
    infoEpoch: offer.epoch + 1,
    groupInfo: offer.groupInfo,
  });
  const welcomed = device.keeper.welcomed(CONVERSATION, welcome.body, mallory.user);
  await assert.rejects(welcomed, { code: 'group-info-missing' });
  assert.equal(await device.keeper.present(CONVERSATION), undefined);
  const other = people.conversation.replace('c0', 'd1');
  home.group = () => {
    const group = other as typeof seen.group;
    return { group, epoch: made.group.epoch, infoEpoch: made.group.epoch, groupInfo: offer.groupInfo };
  };
  await assert.rejects(come(device), { code: 'group-info-missing' });
  home.group = asked;
});

test('a group whose members are all others by now is believed by the commits that brought them in', LIMIT, async () => {
  const given = await withLostDevice();
  await handedOver(given, 200);
  const back = await come(await given.fresh());
  await given.guards.keeper.follow(CONVERSATION);
  const present = (await given.guards.keeper.present(CONVERSATION)) ?? assert.fail('no group');
  assert.deepEqual(await back.contentKey(), await present.contentKey());
});

test('a device that holds an old state goes on by the same proof when its own commits are gone', LIMIT, async () => {
  const given = await withLostDevice();
  const { home, cooks, seen } = given;
  await handedOver(given, 3);
  const commits = home.commits.bind(home);
  // Of those that it lacks, the one that changed nothing of the roster is not there any more.
  let asked = 0;
  home.commits = (conversation, group, after) => {
    const all = commits(conversation, group, after);
    return asked++ === 0 ? all.filter(({ epoch }) => epoch > seen.epoch + 2) : all;
  };
  const back = await come(cooks);
  await given.guards.keeper.follow(CONVERSATION);
  const present = (await given.guards.keeper.present(CONVERSATION)) ?? assert.fail('no group');
  assert.deepEqual(await back.contentKey(), await present.contentKey());
});

test('commits that members signed in another group, or that were altered since, bring nobody in', LIMIT, async () => {
  const given = await withLostDevice();
  const { people, home, clerk, cook, guard, mallory, clerks, roster, seen, fresh } = given;
  const withOne = (person: Person): Roster => {
    return { ...roster, members: [...roster.members, { user: person.user, role: 'owner' as const }] };
  };
  const make = (by: OwnDevice, group: MlsGroup['group'], of: Roster) => {
    return MlsGroup.create({ group, conversation: CONVERSATION, roster: of }, people.parts(by));
  };
  let elsewhere = await make(people.device(clerk), GROUP, roster);
  while (elsewhere.epoch < seen.epoch) elsewhere = (await elsewhere.commit({})).accept();
  const ofOther = (await elsewhere.commit({ roster: withOne(mallory) })).commit;
  const genuine = (await clerks.keeper.present(CONVERSATION)) ?? assert.fail();
  const altered = replaced((await genuine.commit({ roster: withOne(guard) })).commit, guard, mallory);
  const made = await madeUp(people, people.device(mallory), { seen, epoch: seen.epoch + 2 }, withOne(mallory));
  for (const commit of [ofOther, altered]) {
    show(home, CONVERSATION, made, seen.epoch);
    const { offers } = home.groups.get(CONVERSATION) ?? assert.fail();
    const first = offers[seen.epoch] ?? assert.fail();
    offers[seen.epoch] = { ...first, commit };
    await assert.rejects(come(await fresh()), { code: 'group-info-missing' });
    assert.equal(offers.length, seen.epoch + 2);
  }
  assert.ok(cook);
});

test(
  'a welcome into another epoch than the one of the same number that the user’s devices are in leads nowhere',
  LIMIT,
  async () => {
    const { people, home, clerk, atClerk, cook, mallory, clerks, cooks, roster, fresh } = await withLostDevice();
    const phone = await fresh();
    await phone.own.replenish();
    const [laid] = (home.packages.get(cook.user) ?? []).filter((one) => one.device === phone.me.device);
    // The clerk, who owns the group, makes two commits of one epoch: one for all, one for the phone, with a member more.
    const before = (await clerks.keeper.present(CONVERSATION)) ?? assert.fail();
    const beside = MlsGroup.decode(before.encode(), people.parts(atClerk));
    await clerks.keeper.change(CONVERSATION, async () => ({}));
    const seen = (await cooks.keeper.forward(CONVERSATION)) ?? assert.fail();
    const members = [...roster.members, { user: mallory.user, role: 'member' as const }];
    const forged = await beside.commit({ roster: { ...roster, members }, add: [laid?.bytes ?? assert.fail()] });
    const [welcome = assert.fail()] = forged.welcomes;
    home.group = () => ({ group: seen.group, epoch: seen.epoch, infoEpoch: seen.epoch, groupInfo: forged.groupInfo });
    assert.equal(forged.epoch + 1, seen.epoch);
    await assert.rejects(phone.keeper.welcomed(CONVERSATION, welcome.body, clerk.user), { code: 'group-behind' });
    assert.equal(await phone.keeper.present(CONVERSATION), undefined);
  },
);

/** Another member in the place of one. */
function replaced(commit: Uint8Array, one: Person, other: Person): Uint8Array {
  const [from, to] = [Buffer.from(idBytes(one.user)), Buffer.from(idBytes(other.user))];
  const copy = Buffer.from(commit);
  const at = copy.indexOf(from);
  assert.ok(at > 0);
  to.copy(copy, at);
  return Uint8Array.from(copy);
}

test('whoever was taken out, and saw it, is invited anew by anybody', LIMIT, async () => {
  const given = await withLostDevice();
  const { home, clerk, cook, guard, clerks, cooks, guards, fresh } = given;
  const without = (role: 'owner' | 'member') =>
    rosterOf([
      [clerk, role],
      [guard, 'owner'],
    ]);
  await clerks.keeper.change(CONVERSATION, async () => ({ roster: rosterOf([[clerk, 'owner']]) }));
  assert.equal(await cooks.keeper.forward(CONVERSATION), undefined);
  const add = await clerks.keeper.packagesOf([guard.user]);
  await clerks.keeper.change(CONVERSATION, async () => ({ roster: without('owner'), add }));
  await guards.keeper.follow(CONVERSATION);
  const again = rosterOf([
    [guard, 'owner'],
    [cook, 'member'],
  ]);
  await guards.keeper.change(CONVERSATION, async () => ({ roster: again }));
  const back = home.groups.get(CONVERSATION)?.offers.length ?? assert.fail();
  const commits = home.commits.bind(home);
  // Those since.
  home.commits = (conversation, group, after) => commits(conversation, group, Math.max(after, back - 1));
  assert.equal((await come(await fresh())).epoch, back + 1);
});
