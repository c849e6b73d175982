// Whatever is done to the network and the programs between two branches, no message is lost or doubled, people wait at most
// 15 s (30 s after a change of address), and the path is direct again afterwards. All of it, with the figures kept in
// docs/measured/disturbances.md; `npm test` does the essential part (disturbances.lab.ts).
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DISTURBANCES, RELAYS_SWAPPED } from './disturbances.ts';
import { assertSuffered } from './disturbances-held.ts';
import { type Account, accountLines, DisturbedWorld } from './disturbed-world.ts';

const PAGE = join(import.meta.dirname, '../../docs/measured/disturbances.md');

let world: DisturbedWorld | undefined;
const accounts: Account[] = [];

before(async () => void (world = await DisturbedWorld.create()), { timeout: 300_000 });

for (const disturbance of DISTURBANCES) {
  test(disturbance.name, { timeout: 300_000 }, async () => {
    if (!world) throw new Error('the laboratory was not set up');
    const account = await world.suffer(disturbance);
    accounts.push(account);
    assertSuffered(account);
  });
}

test(RELAYS_SWAPPED.name, { timeout: 300_000 }, async () => {
  if (!world) throw new Error('the laboratory was not set up');
  await world.addRelay();
  const account = await world.suffer(RELAYS_SWAPPED);
  accounts.push(account);
  assertSuffered(account);
});

after(
  async () => {
    await world?.stop();
    console.log(accountLines(accounts).join('\n'));
    if (accounts.length === DISTURBANCES.length + 1) await writeFile(PAGE, page());
  },
  { timeout: 60_000 },
);

function page(): string {
  return `# Disturbances

Two split branches behind port-restricted NAT with a direct path; on each LAN a person who writes each 100 ms to the other. The longest gap is the longest time in which one of the two was shown nothing; it must stay below 15 s, and
below 30 s after a change of address. "Direct again" is counted from the end of the disturbance. One run on two shared cores, ${new Date().toISOString().slice(0, 10)}, by \`npm run test:long -- test/lab/disturbances.long.ts\`.

${accountLines(accounts).join('\n')}
`;
}
