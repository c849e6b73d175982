// A device that was off, and comes to its welcome into a group when other devices of its user have gone on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMail } from '../../../src/client/engine/mail.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { CONVERSATION, People, rosterOf } from '../../crypto/mls/people.ts';
import { kitchen, mailroomOf, readable } from './kitchen.ts';
import { Home, stationOf, VaultOfTests } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

/** A group made by a clerk; the cook has one device that is off and has a welcome, and another that has none. */
async function withLate() {
  const [people, home, vault] = [new People(), new Home(), new VaultOfTests()];
  const [clerk, cook] = [people.person(), people.person()];
  const { device: off } = await readable(people, cook);
  const [atClerk, fresh] = [people.device(clerk), people.device(cook)];
  const clerks = await stationOf(people, home, atClerk);
  const late = await stationOf(people, home, off, vault);
  await late.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  const made = await clerks.keeper.create(CONVERSATION, roster);
  const first = { conversation: CONVERSATION, group: made.group, epoch: made.epoch };
  const key = await made.contentKey();
  const outside = await stationOf(people, home, fresh, vault);
  return { people, home, vault, clerk, cook, off, atClerk, clerks, late, outside, first, key, roster };
}

function welcomeFor(home: Home, { certificate }: OwnDevice, offer = 0): Uint8Array {
  const { welcomes } = home.groups.get(CONVERSATION)?.offers[offer] ?? assert.fail('no such commit');
  return welcomes.find(({ device }) => device === certificate.device)?.body ?? assert.fail('no welcome');
}

test(
  'another device of the user came into the group from outside meanwhile: the welcome leads in, and to what was written before',
  LIMIT,
  async () => {
    const { home, off, clerks, late, outside, first, key } = await withLate();
    await clerks.keeper.change(CONVERSATION, async () => ({}));
    const joined = await outside.keeper.follow(CONVERSATION);
    assert.ok(joined && joined.epoch === first.epoch + 2);
    assert.equal(outside.epochs.get(first), undefined);
    const { mailroom, troubles, left } = mailroomOf(late, off, [{ body: welcomeFor(home, off) }]);
    await mailroom.collect();
    assert.deepEqual([troubles, left()], [[], 0]);
    assert.deepEqual(outside.epochs.get(first)?.key, key);
    assert.ok(outside.epochs.get({ ...first, epoch: first.epoch + 1 }), 'and between');
    assert.equal((await late.keeper.present(CONVERSATION))?.epoch, joined.epoch);
    assert.equal(home.groups.get(CONVERSATION)?.offers.length, joined.epoch, 'nobody had to commit for it');
  },
);

test('a device that was off while another of its user followed the group comes in by its welcome', LIMIT, async () => {
  const { home, off, clerks, late, outside } = await withLate();
  await outside.keeper.follow(CONVERSATION);
  await clerks.keeper.change(CONVERSATION, async () => ({}));
  const newest = await outside.keeper.follow(CONVERSATION);
  await late.keeper.welcomed(CONVERSATION, decodeMail(welcomeFor(home, off)).payload);
  assert.equal((await late.keeper.present(CONVERSATION))?.epoch, newest?.epoch);
});

test(
  'a device that came in from outside, quicker than its own welcome, reads what was written before as well',
  LIMIT,
  async () => {
    const { home, off, clerks, late, first, key } = await withLate();
    await clerks.keeper.change(CONVERSATION, async () => ({}));
    await late.keeper.follow(CONVERSATION);
    await clerks.keeper.change(CONVERSATION, async () => ({}));
    const newest = (await late.keeper.follow(CONVERSATION))?.epoch;
    assert.equal(newest, first.epoch + 3);
    assert.equal(late.epochs.get(first), undefined);
    const { mailroom, troubles, left } = mailroomOf(late, off, [{ body: welcomeFor(home, off) }]);
    await mailroom.collect();
    assert.deepEqual([troubles, left()], [[], 0]);
    assert.deepEqual(late.epochs.get(first)?.key, key);
    assert.ok(late.epochs.get({ ...first, epoch: first.epoch + 1 }), 'and between');
    assert.equal((await late.keeper.present(CONVERSATION))?.epoch, newest, 'and goes on where it was');
  },
);

test(
  'a welcome into an epoch of somebody’s own making teaches nothing to who came in from outside',
  LIMIT,
  async () => {
    const { home, clerks, people, roster } = await withLate();
    const kept = home.groups.get(CONVERSATION) ?? assert.fail();
    const visitor = people.person();
    const { device: off } = await readable(people, visitor);
    const visitors = await stationOf(people, home, off);
    await visitors.own.replenish();
    // Of one state two commits bring the visitor in: the second is what home takes, the first is shown to the visitor alone.
    const change = {
      roster: { ...roster, members: [...roster.members, { user: visitor.user, role: 'member' as const }] },
      add: await clerks.keeper.packagesOf([visitor.user]),
    };
    const present = (await clerks.keeper.present(CONVERSATION)) ?? assert.fail();
    const fork = await present.commit(change);
    const { epoch, group } = await clerks.keeper.change(CONVERSATION, async () => change);
    assert.equal((await visitors.keeper.follow(CONVERSATION))?.epoch, epoch + 1);
    const offer = kept.offers[epoch - 1] ?? assert.fail();
    kept.offers[epoch - 1] = { ...offer, groupInfo: fork.groupInfo };
    await visitors.keeper.welcomed(CONVERSATION, fork.welcomes[0]?.body ?? assert.fail('no welcome'));
    assert.equal(visitors.epochs.get({ conversation: CONVERSATION, group, epoch }), undefined);
    assert.equal((await visitors.keeper.present(CONVERSATION))?.epoch, epoch + 1);
  },
);

test(
  'the server has less than another device has seen: the welcome waits, and nothing is learnt of it',
  LIMIT,
  async () => {
    const { home, off, late, outside, first } = await withLate();
    await outside.keeper.follow(CONVERSATION);
    const kept = home.groups.get(CONVERSATION) ?? assert.fail();
    const rest = kept.offers.splice(1);
    const payload = decodeMail(welcomeFor(home, off)).payload;
    await assert.rejects(late.keeper.welcomed(CONVERSATION, payload), { code: 'welcome-early' });
    assert.equal(late.epochs.get(first), undefined);
    kept.offers.push(...rest);
    await late.keeper.welcomed(CONVERSATION, payload);
    assert.ok(late.epochs.get(first));
  },
);

test(
  'a welcome of who was removed since, into an epoch of its own making, teaches nothing and leads nowhere',
  LIMIT,
  async () => {
    const { people, home, clerk, clerkVault, cook, clerks, cooks, roster } = await kitchen();
    // A second device of the clerk is off; the cook, an administrator then, keeps a former state with a server that helps.
    const admin = { ...roster, members: roster.members.map((one) => ({ ...one, role: 'owner' as const })) };
    await clerks.keeper.change(CONVERSATION, async () => ({ roster: admin }));
    await cooks.keeper.follow(CONVERSATION);
    const { device: off } = await readable(people, clerk);
    const late = await stationOf(people, home, off, clerkVault);
    await late.own.replenish();
    const kept = home.groups.get(CONVERSATION) ?? assert.fail();
    const [offers, by] = [[...kept.offers], [...kept.by]];
    await cooks.keeper.change(CONVERSATION, async () => ({ add: await cooks.keeper.packagesOf([clerk.user]) }));
    const fork = [...kept.offers];
    const body = welcomeFor(home, off, fork.length - 1);
    // What really happened: this epoch no device of the clerk saw, and those after it without the cook.
    kept.offers.splice(0, fork.length, ...offers);
    kept.by.splice(0, fork.length, ...by);
    const third = await stationOf(people, home, people.device(clerk), clerkVault);
    await third.keeper.follow(CONVERSATION);
    await third.keeper.change(CONVERSATION, async () => ({
      roster: { ...admin, members: admin.members.filter(({ user }) => user !== cook.user) },
    }));
    const made = {
      conversation: CONVERSATION,
      group: (await third.keeper.present(CONVERSATION))?.group ?? assert.fail(),
      epoch: fork.length,
    };
    const truth = [...kept.offers];
    kept.offers.splice(0, truth.length, ...fork, ...truth.slice(fork.length));
    const known = late.epochs.get(made) ?? assert.fail();
    const first = mailroomOf(late, off, [{ body }]);
    await first.mailroom.collect();
    assert.deepEqual(first.troubles, ['group-behind'], 'another key than others have');
    assert.deepEqual(late.epochs.get(made), known);

    const name = `epoch-key ${CONVERSATION}/${made.group}/${made.epoch}`;
    assert.ok(clerkVault.entries.delete(name));
    const second = mailroomOf(late, off, [{ body }]);
    await second.mailroom.collect();
    assert.deepEqual(second.troubles, ['group-behind'], 'a way to nowhere');
    assert.equal(late.epochs.get(made), undefined);
    assert.equal(await late.keeper.present(CONVERSATION), undefined);
  },
);
