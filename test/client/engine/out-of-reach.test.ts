// A device whose state no commits lead on from, or that has lost it: it comes back by itself, by the word of those alone whom it knew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { encodeRoster } from '../../../src/crypto/roster.ts';
import { ConflictError } from '../../../src/realm/errors.ts';
import { CONVERSATION, People, rosterOf } from '../../crypto/mls/people.ts';
import { Home, stationOf, stationWith, VaultOfTests } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

/** The cook's device has seen the beginning; then home has forgotten some commits. */
async function withGap() {
  const [people, home, vault] = [new People(), new Home(), new VaultOfTests()];
  const [clerk, cook, guard] = [people.person(), people.person(), people.person()];
  const devices = { clerk: people.device(clerk), cook: people.device(cook), guard: people.device(guard) };
  const clerks = await stationOf(people, home, devices.clerk);
  const honest = home.of(devices.cook);
  const kept = { from: 0 };
  const server: typeof honest = {
    ...honest,
    commits: async (conversation, group, after) => honest.commits(conversation, group, Math.max(after, kept.from)),
  };
  const cooks = await stationWith(people, server, devices.cook, vault);
  await cooks.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  await clerks.keeper.create(CONVERSATION, roster);
  const first = (await cooks.keeper.follow(CONVERSATION)) ?? assert.fail('no group');
  await clerks.keeper.follow(CONVERSATION);
  const write = (station: typeof cooks) => {
    station.keeper.stale();
    return station.keeper.ready(CONVERSATION, { roster: () => roster }, async (now) => now);
  };
  return { people, home, vault, clerk, cook, guard, devices, clerks, cooks, kept, first, roster, write };
}

test('a device that was away for longer than commits are kept comes back by itself', LIMIT, async () => {
  const { home, devices, clerks, cooks, kept, first, write } = await withGap();
  for (let i = 0; i < 4; i++) await clerks.keeper.change(CONVERSATION, async () => ({}));
  kept.from = first.epoch + 2;
  const told = cooks.news.length;
  const back = await write(cooks);
  await clerks.keeper.follow(CONVERSATION);
  const present = (await clerks.keeper.present(CONVERSATION)) ?? assert.fail('no group');
  assert.equal(back.epoch, first.epoch + 5);
  assert.deepEqual(await back.contentKey(), await present.contentKey());
  const mine = present.members().filter(({ user }) => user === devices.cook.certificate.user);
  assert.deepEqual(
    mine.map(({ device }) => device),
    [devices.cook.certificate.device],
    'its old leaf went with the same commit',
  );
  assert.equal(cooks.news.length, told);
  // What it had seen is readable still, and nobody has to commit once more.
  const { group, epoch } = first;
  assert.ok(cooks.epochs.get({ conversation: CONVERSATION, group, epoch }));
  await write(cooks);
  assert.equal(home.groups.get(CONVERSATION)?.offers.length, back.epoch);
});

test('a device that has lost its state and nothing else comes back, with one leaf', LIMIT, async () => {
  const { people, home, vault, devices, clerks, first, write } = await withGap();
  const again = await stationOf(people, home, devices.cook, vault);
  const back = await write(again);
  await clerks.keeper.follow(CONVERSATION);
  const present = (await clerks.keeper.present(CONVERSATION)) ?? assert.fail('no group');
  assert.deepEqual(await back.contentKey(), await present.contentKey());
  assert.equal(present.members().length, 2);
  const { group, epoch } = first;
  assert.ok(again.epochs.get({ conversation: CONVERSATION, group, epoch }));
});

test(
  'of a group that only somebody shows who was never in it a device that missed commits takes nothing',
  LIMIT,
  async () => {
    const { people, home, clerk, cook, guard, devices, clerks, cooks, kept, first, write } = await withGap();
    for (let i = 0; i < 3; i++) await clerks.keeper.change(CONVERSATION, async () => ({}));
    kept.from = first.epoch + 2;
    // One who never was a member makes up a group of the same name, together with the server.
    const roster = rosterOf([
      [guard, 'owner'],
      [clerk, 'member'],
      [cook, 'member'],
    ]);
    const parts = people.parts(devices.guard);
    let forged = await MlsGroup.create({ group: first.group, conversation: CONVERSATION, roster }, parts);
    let groupInfo = new Uint8Array();
    for (let i = 0; i < first.epoch + 3; i++) {
      const made = await forged.commit({});
      groupInfo = Uint8Array.from(made.groupInfo);
      forged = made.accept();
    }
    const genuine = home.groups.get(CONVERSATION)?.offers.slice() ?? assert.fail();
    const offers = home.groups.get(CONVERSATION)?.offers ?? assert.fail();
    const last = offers.at(-1) ?? assert.fail();
    offers[offers.length - 1] = { ...last, groupInfo, roster: encodeRoster(roster) };
    await assert.rejects(write(cooks), { code: 'group-info-missing' });
    assert.equal(offers.length, genuine.length, 'nothing was offered');
    assert.equal((await cooks.keeper.present(CONVERSATION))?.epoch, first.epoch);
    // Once the server is honest again it comes back.
    offers[offers.length - 1] = last;
    assert.ok((await write(cooks)).epoch > last.epoch);
  },
);

test('so does one that is shown no commits at all, when it has something to change', LIMIT, async () => {
  const { clerks, cooks, kept, first } = await withGap();
  for (let i = 0; i < 2; i++) await clerks.keeper.change(CONVERSATION, async () => ({}));
  kept.from = Number.MAX_SAFE_INTEGER;
  const changed = await cooks.keeper.change(CONVERSATION, async () => ({}));
  assert.equal(changed.epoch, first.epoch + 4);
  await clerks.keeper.follow(CONVERSATION);
  const present = (await clerks.keeper.present(CONVERSATION)) ?? assert.fail('no group');
  assert.deepEqual(await changed.contentKey(), await present.contentKey());
});

test(
  'commits that are withheld, and then no group at all, make nobody believe as one who has no state',
  LIMIT,
  async () => {
    const { home, clerks, cooks, kept, first, write } = await withGap();
    for (let i = 0; i < 3; i++) await clerks.keeper.change(CONVERSATION, async () => ({}));
    kept.from = first.epoch + 2;
    const genuine = home.group.bind(home);
    let asked = 0;
    home.group = (...args) => (asked++ === 0 ? undefined : genuine(...args));
    await assert.rejects(write(cooks), { code: 'group-info-missing' });
    assert.equal(asked, 1);
  },
);

test(
  'a commit in this device’s own name, and a group that somebody made up, lead nobody away from what it has',
  LIMIT,
  async () => {
    const { people, clerk, cook, guard, devices, home } = await withGap();
    const honest = home.of(devices.cook);
    let isHonest = true;
    let at = 0;
    let caught: Uint8Array | undefined;
    let shown: Awaited<ReturnType<typeof honest.group>>;
    let offered = 0;
    const station = await stationWith(
      people,
      {
        ...honest,
        commit: async (conversation, offer) => {
          if (isHonest) return honest.commit(conversation, offer);
          if (caught) return void offered++;
          caught = offer.commit;
          throw new ConflictError('commit-lost', 'another was first');
        },
        commits: async (conversation, group, after) => {
          if (!caught) return honest.commits(conversation, group, after);
          const by = { at: people.clock.now(), sender: cook.user, device: devices.cook.certificate.device };
          return { commits: after === at ? [{ epoch: at, commit: caught, ...by }] : [], more: false };
        },
        group: async (conversation, of) => shown ?? honest.group(conversation, of),
      },
      devices.cook,
    );
    const held = (await station.keeper.follow(CONVERSATION)) ?? assert.fail('no group');
    const roster = rosterOf([
      [guard, 'owner'],
      [clerk, 'member'],
      [cook, 'member'],
    ]);
    const parts = people.parts(devices.guard);
    let forged = await MlsGroup.create({ group: held.group, conversation: CONVERSATION, roster }, parts);
    let groupInfo = new Uint8Array();
    const before = held.epoch;
    at = before;
    while (forged.epoch < before + 2) {
      const made = await forged.commit({});
      groupInfo = Uint8Array.from(made.groupInfo);
      forged = made.accept();
    }
    shown = { group: forged.group, epoch: forged.epoch, infoEpoch: forged.epoch, groupInfo };
    isHonest = false;
    await assert.rejects(
      station.keeper.change(CONVERSATION, async () => ({})),
      { code: 'group-info-missing' },
    );
    assert.equal((await station.keeper.present(CONVERSATION))?.epoch, before);
    assert.equal(offered, 0, 'and nothing was sealed for who made it up');
  },
);

test('whoever another device of the user has seen removed shows a group to nobody', LIMIT, async () => {
  const { people, home, vault, clerk, cook, guard, devices, clerks, cooks, kept, write } = await withGap();
  const guards = await stationOf(people, home, devices.guard);
  await guards.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
    [guard, 'member'],
  ]);
  await clerks.keeper.change(CONVERSATION, async () => ({
    roster,
    add: await clerks.keeper.packagesOf([guard.user]),
  }));
  const laptop = (await cooks.keeper.follow(CONVERSATION))?.epoch ?? assert.fail('no group');
  await guards.keeper.follow(CONVERSATION);
  await clerks.keeper.follow(CONVERSATION);
  const former = (await guards.keeper.present(CONVERSATION))?.encode() ?? assert.fail('no group');
  await clerks.keeper.change(CONVERSATION, async () => ({
    roster: { ...roster, members: roster.members.filter(({ user }) => user !== guard.user) },
  }));
  // The cook's phone sees it.
  const phone = await stationOf(people, home, people.device(cook), vault);
  const seen = (await phone.keeper.follow(CONVERSATION))?.epoch ?? assert.fail('no group');
  assert.ok(seen > laptop);
  let forged = MlsGroup.decode(former, people.parts(devices.guard));
  let made = await forged.commit({});
  while (forged.epoch <= seen + 2) {
    made = await forged.commit({});
    forged = made.accept();
  }
  const { offers, by } = home.groups.get(CONVERSATION) ?? assert.fail();
  const [last, who] = [offers.at(-1) ?? assert.fail(), by.at(-1) ?? assert.fail()];
  while (offers.length < forged.epoch) {
    offers.push({ ...last, epoch: offers.length, groupInfo: made.groupInfo, roster: made.roster });
    by.push(who);
  }
  kept.from = seen + 1;
  await assert.rejects(write(cooks), { code: 'group-info-missing' });
  assert.equal((await cooks.keeper.present(CONVERSATION))?.epoch, laptop);
});
