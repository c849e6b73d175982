// A home that is away: who has a group goes on writing in it, as long as nobody is in it who should not be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConflictError, UnreachableError } from '../../../src/realm/errors.ts';
import { CONVERSATION, People, rosterOf } from '../../crypto/mls/people.ts';
import { Home, stationOf } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };
const DAY = 24 * 3_600_000;

/** Two people of a group, and a home that may go away. */
async function office() {
  const [people, home] = [new People(), new Home()];
  let now = Date.now();
  people.clock.now = () => now;
  home.now = () => now;
  const [clerk, cook] = [people.person(), people.person()];
  const [atClerk, atCook] = [people.device(clerk), people.device(cook)];
  const [clerks, cooks] = [await stationOf(people, home, atClerk), await stationOf(people, home, atCook)];
  await cooks.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  await clerks.keeper.create(CONVERSATION, roster);
  await cooks.keeper.follow(CONVERSATION);
  const take = home.commit.bind(home);
  const asked: number[] = [];
  const goAway = () => {
    home.commit = () => {
      asked.push(now);
      throw new UnreachableError('home-away', 'out of reach');
    };
  };
  const comeBack = () => {
    home.commit = take;
  };
  const wanted = { roster: () => roster };
  const epochOf = (station: typeof cooks) => station.keeper.ready(CONVERSATION, wanted, async ({ epoch }) => epoch);
  const later = (ms: number) => {
    now += ms;
  };
  return { people, home, atClerk, clerks, cooks, asked, goAway, comeBack, epochOf, later };
}

test(
  'behind a cut of two days people write in the epoch that they have, and make new keys once home is back',
  LIMIT,
  async () => {
    const { cooks, goAway, comeBack, epochOf, later, asked } = await office();
    goAway();
    later(2 * DAY);
    assert.equal(await epochOf(cooks), 2);
    // Not before each message: who is away costs the more the longer one waits for an answer.
    later(1000);
    assert.equal(await epochOf(cooks), 2);
    assert.equal(asked.length, 1);
    comeBack();
    later(60_000);
    assert.equal(await epochOf(cooks), 3);
  },
);

test('behind a cut nothing is sealed for a device that was removed', LIMIT, async () => {
  const { people, cooks, atClerk, goAway, epochOf, later } = await office();
  people.removed.add(atClerk.certificate.device);
  goAway();
  later(DAY);
  await assert.rejects(epochOf(cooks), { code: 'home-away' });
});

test('a refusal of home is no cut: nothing is written', LIMIT, async () => {
  const { home, cooks, epochOf, later } = await office();
  home.commit = () => {
    throw new ConflictError('epoch-ahead', 'less than that');
  };
  later(2 * DAY);
  await assert.rejects(epochOf(cooks), { code: 'epoch-ahead' });
});
