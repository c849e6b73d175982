// Two people write to each other for the first time at the same moment, each from another realm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMail } from '../../../src/client/engine/mail.ts';
import { directConversationId } from '../../../src/realm/ids.ts';
import { People, rosterOf } from '../../crypto/mls/people.ts';
import { Home, stationOf, VaultOfTests } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

test(
  'two people who begin at one time in two realms read what each wrote before it knew of the other’s group',
  LIMIT,
  async () => {
    const people = new People();
    const [clerk, cook] = [people.person(), people.person()];
    const [atClerk, atCook] = [people.device(clerk), people.device(cook)];
    const conversation = directConversationId(clerk.user, cook.user);
    const [kyiv, lviv] = [new Home(), new Home()];
    const zeros = (length: number) => new Uint8Array(length);
    // The clerk's group gets the lowest id of all: it counts.
    const clerks = await stationOf(people, kyiv, atClerk, undefined, zeros);
    const cooks = await stationOf(people, lviv, atCook);
    for (const { own } of [clerks, cooks]) await own.replenish();
    for (const [user, laid] of kyiv.packages) lviv.packages.set(user, laid);
    for (const [user, laid] of lviv.packages) kyiv.packages.set(user, laid);
    const roster = {
      ...rosterOf([
        [clerk, 'owner'],
        [cook, 'owner'],
      ]),
      kind: 'direct' as const,
    };
    const first = await clerks.keeper.create(conversation, roster);
    const second = await cooks.keeper.create(conversation, roster);
    assert.ok(first.group < second.group);
    const lost = { conversation, group: second.group, epoch: second.epoch };
    const [offer] = lviv.groups.get(conversation)?.offers ?? [];
    const welcome = offer?.welcomes.find(({ user }) => user === clerk.user) ?? assert.fail('no welcome');
    // Kyiv's server shows both groups by now.
    const ofKyiv = kyiv.group.bind(kyiv);
    kyiv.group = (id, of) => (of?.group === second.group ? lviv.group(id, of) : ofKyiv(id, of));
    await clerks.keeper.welcomed(conversation, decodeMail(welcome.body).payload);
    assert.deepEqual(clerks.epochs.get(lost)?.key, await second.contentKey());
    assert.equal((await clerks.keeper.present(conversation))?.group, first.group);
    assert.equal(await clerks.keeper.wasLeaf(lost, { user: cook.user, device: atCook.certificate.device }), true);
  },
);

test(
  'who came in from outside before the welcome did reads by it what was written before, and stays where it is',
  LIMIT,
  async () => {
    const people = new People();
    const [clerk, cook] = [people.person(), people.person()];
    const [atClerk, atCook] = [people.device(clerk), people.device(cook)];
    const conversation = directConversationId(clerk.user, cook.user);
    const home = new Home();
    const clerks = await stationOf(people, home, atClerk);
    const cooks = await stationOf(people, home, atCook);
    for (const { own } of [clerks, cooks]) await own.replenish();
    const both = rosterOf([
      [clerk, 'owner'],
      [cook, 'owner'],
    ]);
    const made = await clerks.keeper.create(conversation, { ...both, kind: 'direct' });
    const first = { conversation, group: made.group, epoch: made.epoch };
    const key = await made.contentKey();
    const [offer] = home.groups.get(conversation)?.offers ?? [];
    const welcome = offer?.welcomes.find(({ user }) => user === cook.user) ?? assert.fail('no welcome');

    assert.equal(await cooks.keeper.forward(conversation), undefined, 'to look for a key nobody joins');
    const joined = await cooks.keeper.follow(conversation);
    assert.ok(joined && joined.epoch > first.epoch);
    assert.equal(cooks.epochs.get(first), undefined);
    await cooks.keeper.welcomed(conversation, decodeMail(welcome.body).payload);
    assert.deepEqual(cooks.epochs.get(first)?.key, key);
    assert.equal((await cooks.keeper.present(conversation))?.epoch, joined.epoch);
  },
);

test(
  'a device that was off until another of its user came in from outside still reads by its welcome what was written before',
  LIMIT,
  async () => {
    const people = new People();
    const [clerk, cook] = [people.person(), people.person()];
    const [atClerk, off, fresh] = [people.device(clerk), people.device(cook), people.device(cook)];
    const conversation = directConversationId(clerk.user, cook.user);
    const [home, vault] = [new Home(), new VaultOfTests()];
    const clerks = await stationOf(people, home, atClerk);
    const late = await stationOf(people, home, off, vault);
    for (const { own } of [clerks, late]) await own.replenish();
    const both = rosterOf([
      [clerk, 'owner'],
      [cook, 'owner'],
    ]);
    const made = await clerks.keeper.create(conversation, { ...both, kind: 'direct' });
    const [first, key] = [{ conversation, group: made.group, epoch: made.epoch }, await made.contentKey()];
    const [offer] = home.groups.get(conversation)?.offers ?? [];
    const welcome =
      offer?.welcomes.find(({ device }) => device === off.certificate.device) ?? assert.fail('no welcome');

    const outside = await stationOf(people, home, fresh, vault);
    const joined = await outside.keeper.follow(conversation);
    assert.ok(joined && joined.epoch > first.epoch);
    assert.equal(outside.epochs.get(first), undefined);
    await late.keeper.welcomed(conversation, decodeMail(welcome.body).payload);
    assert.deepEqual(outside.epochs.get(first)?.key, key);
    assert.equal((await late.keeper.follow(conversation))?.epoch, joined.epoch, 'and nobody has to commit for it');
  },
);
