// The essential disturbances, as in disturbances.long.ts, which tells more.
import { after, before, test } from 'node:test';
import { type Account, accountLines, DISTURBANCES, DisturbedWorld } from './disturbances.ts';
import { assertSuffered } from './disturbances-held.ts';

let world: DisturbedWorld | undefined;
const accounts: Account[] = [];

before(async () => void (world = await DisturbedWorld.create()), { timeout: 180_000 });

for (const disturbance of DISTURBANCES.filter(({ isEssential }) => isEssential)) {
  test(disturbance.name, { timeout: 200_000 }, async () => {
    if (!world) throw new Error('the laboratory was not set up');
    const account = await world.suffer(disturbance);
    accounts.push(account);
    assertSuffered(account);
  });
}

after(
  async () => {
    await world?.stop();
    console.log(accountLines(accounts).join('\n'));
  },
  { timeout: 60_000 },
);
