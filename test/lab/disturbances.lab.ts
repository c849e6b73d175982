// The essential disturbances, as in disturbances.long.ts, which tells more; and what waits while nothing gets through.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DISTURBANCES } from './disturbances.ts';
import { assertSuffered } from './disturbances-held.ts';
import { type Account, accountLines, DisturbedWorld } from './disturbed-world.ts';

/** Longer than the pauses between tries grow at first. */
const OUTAGE = 35_000;
const ARRIVES_WITHIN = 30_000;
const LETTERS = 20;

let world: DisturbedWorld | undefined;
const accounts: Account[] = [];

before(async () => void (world = await DisturbedWorld.create()), { timeout: 300_000 });

for (const disturbance of DISTURBANCES.filter(({ isEssential }) => isEssential)) {
  test(disturbance.name, { timeout: 200_000 }, async () => {
    if (!world) throw new Error('the laboratory was not set up');
    const account = await world.suffer(disturbance);
    accounts.push(account);
    assertSuffered(account);
  });
}

test('what was written during an outage waits as stored, and arrives within 30 s of its end, though nobody writes (fault cases 24, 37)', {
  timeout: 150_000,
}, async (t) => {
  assert.ok(world);
  const [clerk, engineer] = world.people;
  const letters = Array.from({ length: LETTERS }, (_, index) => `letter ${index}`);
  const outage = world.outage(OUTAGE);
  for (const text of letters) clerk.tell({ send: text });
  await pause(OUTAGE - 1_000);
  for (const text of letters) assert.equal(clerk.state(text), 'stored', text);
  await outage;
  const healed = Date.now();
  const shown = await Promise.all(letters.map((text) => engineer.shown(text, ARRIVES_WITHIN)));
  t.diagnostic(`the last of them was shown ${Math.max(...shown) - healed} ms after the line was back`);
  for (const text of letters) assert.equal(engineer.messages().filter((message) => message.text === text).length, 1);
  assert.notEqual(await world.becomesDirect(), undefined, 'direct again');
});

test('a node boots without its relay, takes messages, and delivers them within 30 s of the relay (fault case 21)', {
  timeout: 150_000,
}, async (t) => {
  assert.ok(world);
  const [clerk, engineer] = world.people;
  await world.deployment.halt([world.kyiv]);
  world.kyiv = await world.deployment.nodeAgain(world.kyiv);
  clerk.tell({ send: 'written without a relay' });
  for (let waited = 0; clerk.state('written without a relay') !== 'stored'; waited += 100) {
    assert.ok(waited < ARRIVES_WITHIN, 'never stored');
    await pause(100);
  }
  world.kyiv = await world.deployment.relayAgain(world.kyiv);
  const begun = Date.now();
  const shown = await engineer.shown('written without a relay', ARRIVES_WITHIN);
  t.diagnostic(`shown ${shown - begun} ms after the relay was ready`);
});

after(
  async () => {
    await world?.stop();
    console.log(accountLines(accounts).join('\n'));
  },
  { timeout: 60_000 },
);
