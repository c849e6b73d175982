// What members want changed while the home of their group is away: who does it, in which order, and what is left alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCache } from '../../src/client/cache/memory-cache.ts';
import { PendingChanges } from '../../src/client/pending-changes.ts';
import { inOrder, type SignedIntent } from '../../src/crypto/intent.ts';
import type { MemberRole } from '../../src/crypto/roster.ts';
import { UnreachableError } from '../../src/realm/errors.ts';
import { CONVERSATION, People, type Person, rosterOf } from '../crypto/mls/people.ts';
import { HandClock } from '../node/hand-clock.ts';
import { Home, stationOf } from './engine/realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

/** An owner, an administrator and two members, who all see the same intents. */
async function office() {
  const [people, home] = [new People(), new Home()];
  const names = ['owner', 'admin', 'cook', 'smith', 'guest'] as const;
  const persons = Object.fromEntries(names.map((name) => [name, people.person()])) as Record<
    (typeof names)[number],
    Person
  >;
  const intents: SignedIntent[] = [];
  const clock = new HandClock(Date.now());
  const deskOf = async (person: Person) => {
    const device = people.device(person);
    const { keeper, own, news } = await stationOf(people, home, device);
    await own.replenish();
    const joined: string[] = [];
    const pending = new PendingChanges({
      engine: {
        known: async () => {
          const group = (await keeper.follow(CONVERSATION)) ?? assert.fail('no group');
          return { group: group.group, roster: group.roster, ownersGone: group.actor.ownersGone };
        },
        changeGroup: (conversation, make) => keeper.change(conversation, make),
        packagesOf: (users) => keeper.packagesOf(users),
        intents: {
          propose: async (intent) => void intents.push({ ...intent, certificate: device.certificate }),
          list: async () => inOrder(intents),
        },
      },
      me: person.user,
      cache: await memoryCache(),
      clock,
      random: (length) => new Uint8Array(length),
      onChange: async () => {},
      onJoined: async () => void joined.push('joined'),
    });
    return { pending, keeper, joined, news };
  };
  const desks = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await deskOf(persons[name])] as const)),
  ) as Record<(typeof names)[number], Awaited<ReturnType<typeof deskOf>>>;
  const members: [Person, MemberRole][] = [
    [persons.owner, 'owner'],
    [persons.admin, 'administrator'],
    [persons.cook, 'member'],
    [persons.smith, 'member'],
  ];
  await desks.owner.keeper.create(CONVERSATION, rosterOf(members));
  for (const name of ['admin', 'cook', 'smith'] as const) await desks[name].keeper.follow(CONVERSATION);
  const take = home.commit.bind(home);
  home.commit = () => {
    throw new UnreachableError('home-away', 'out of reach');
  };
  const comeBack = () => {
    home.commit = take;
  };
  const rolesNow = async () => {
    const group = (await desks.owner.keeper.follow(CONVERSATION)) ?? assert.fail();
    return Object.fromEntries(
      names.map((name) => [name, group.roster.members.find(({ user }) => user === persons[name].user)?.role]),
    );
  };
  return { people, persons, desks, intents, clock, comeBack, rolesNow };
}

/** Waits of no length are over at the next turn of the clock. */
async function settle(clock: HandClock, holds: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await holds()); turns++) {
    assert.ok(turns < 500, 'it does not come about');
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const remove = ({ user }: Person) => [{ act: 'remove', subject: user, role: 'member' }] as const;
const add = ({ user }: Person) => [{ act: 'add', subject: user, role: 'member' }] as const;

test('what was asked for behind a cut is done by whoever may, removal first', LIMIT, async () => {
  const { persons, desks, clock, comeBack, rolesNow } = await office();
  const { admin, owner } = desks;
  await admin.pending.ask(CONVERSATION, add(persons.guest));
  await admin.pending.ask(CONVERSATION, remove(persons.smith));
  const listed = await owner.pending.list(CONVERSATION);
  assert.deepEqual(
    listed.map(({ act, subject, by }) => [act, subject, by]),
    [
      ['remove', persons.smith.user, persons.admin.user],
      ['add', persons.guest.user, persons.admin.user],
    ],
  );
  await admin.pending.close();
  comeBack();
  await owner.pending.look(CONVERSATION);
  await settle(clock, async () => (await owner.pending.list(CONVERSATION)).length === 0);
  const { smith, guest } = await rolesNow();
  assert.deepEqual([smith, guest], [undefined, 'member']);
  await settle(clock, async () => owner.joined.length === 1);
  // Two commits: the removal came first.
  assert.deepEqual(
    owner.news.slice(-2).map(({ after }) => after?.members.length),
    [3, 4],
  );
  await owner.pending.close();
});

test('nobody asks for what he may not, and nobody does what its author might not', LIMIT, async () => {
  const { persons, desks, intents, comeBack, rolesNow } = await office();
  const { cook, owner } = desks;
  await assert.rejects(cook.pending.ask(CONVERSATION, remove(persons.smith)), { code: 'not-allowed' });
  assert.equal(intents.length, 0);
  // By a program that keeps no rule.
  await desks.admin.pending.ask(CONVERSATION, remove(persons.smith));
  const [genuine = assert.fail()] = intents;
  intents[0] = { ...genuine, certificate: { ...genuine.certificate, user: persons.cook.user } };
  comeBack();
  assert.deepEqual(await owner.pending.list(CONVERSATION), []);
  await owner.pending.look(CONVERSATION);
  assert.equal((await rolesNow())['smith'], 'member');
  for (const { pending } of Object.values(desks)) await pending.close();
});

test('a member who leaves behind a cut is taken out by an administrator', LIMIT, async () => {
  const { persons, desks, clock, comeBack, rolesNow } = await office();
  await desks.cook.pending.ask(CONVERSATION, remove(persons.cook));
  comeBack();
  await desks.admin.pending.look(CONVERSATION);
  await settle(clock, async () => (await rolesNow())['cook'] === undefined);
  for (const { pending } of Object.values(desks)) await pending.close();
});
