// Bad lines between two branches: the path is punched through them and becomes direct, nothing is lost or doubled. Delay, loss
// and rate are those of each branch's own line, so a packet from one branch to the other meets them twice. The figures are kept in docs/measured/lossy-lines.md.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertSuffered } from './disturbances-held.ts';
import { type Account, DisturbedWorld } from './disturbed-world.ts';
import { kill, processOf } from './processes.ts';
import { type LineQuality, SlowLine } from './slow-line.ts';

const PAGE = join(import.meta.dirname, '../../docs/measured/lossy-lines.md');
const GAP_LIMIT = 30_000;

interface Line {
  readonly name: string;
  readonly quality: LineQuality;
  readonly every?: number;
}

const LINES: readonly Line[] = [
  { name: '20 ms, no loss', quality: { delay: 20 } },
  { name: '20 ms, 1 % loss', quality: { delay: 20, loss: 0.01 } },
  { name: '20 ms, 5 % loss', quality: { delay: 20, loss: 0.05 } },
  // Ten messages a second each way, with their receipts, are as much as this line carries: nothing else would pass.
  {
    name: '150 ms ± 30 ms, 32 kB/s, a message each second',
    quality: { delay: 150, jitter: 60, rate: 32_000 },
    every: 1_000,
  },
];

interface Row extends Account {
  /** Milliseconds from writing to being shown, in the calm before the relays are killed. */
  readonly typical: number;
}

let world: DisturbedWorld | undefined;
const lines: SlowLine[] = [];
const rows: Row[] = [];

before(
  async () => {
    world = await DisturbedWorld.create();
    for (const { site } of [world.kyiv, world.lviv]) lines.push(await SlowLine.lay(world.internet, site, { delay: 0 }));
  },
  { timeout: 300_000 },
);

for (const { name, quality, ...pace } of LINES) {
  test(`over lines of ${name} both relays are killed: nothing is lost, the path is punched again`, {
    timeout: 240_000,
  }, async () => {
    if (!world) throw new Error('the laboratory was not set up');
    for (const line of lines) line.change(quality);
    const account = await world.suffer({ name, gapLimit: GAP_LIMIT, ...pace, disturb: killRelays });
    rows.push({ ...account, typical: typicalTime(world, name) });
    assertSuffered(account);
  });
}

after(
  async () => {
    await world?.stop();
    await Promise.all(lines.map((line) => line.stop()));
    console.log(table().join('\n'));
    if (rows.length === LINES.length) await writeFile(PAGE, page());
  },
  { timeout: 60_000 },
);

async function killRelays({ kyiv, lviv }: DisturbedWorld): Promise<void> {
  for (const { relay } of [kyiv, lviv]) kill(processOf(relay, 'relay'));
}

/** The lower quartile: most messages of these tests wait for the relays. */
function typicalTime({ people: [clerk, engineer] }: DisturbedWorld, name: string): number {
  const times = engineer
    .messages()
    .filter(({ text }) => text.startsWith(`${name} `))
    .map(({ text, at }) => at - clerk.sentAt(text))
    .sort((a, b) => a - b);
  return times[Math.floor(times.length / 4)] ?? Number.NaN;
}

function table(): string[] {
  return [
    '| line of each branch | sent | lost | doubled | longest gap, s | direct again after, s | a message takes, ms |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ name, sent, lost, doubled, longestGap, direct, typical }) =>
        `| ${name} | ${sent} | ${lost} | ${doubled} | ${(longestGap / 1000).toFixed(1)} | ${direct === undefined ? 'not' : (direct / 1000).toFixed(1)} | ${Math.round(typical)} |`,
    ),
  ];
}

function page(): string {
  return `# Bad lines

Two split branches behind port-restricted NAT, each with a line of its own that delays, loses and is thin (\`test/lab/slow-line.ts\`); what one branch sends the other passes both. People on both sides write each 100 ms where the line does not say otherwise; then both relays are killed, start again, and find a direct path by TCP
simultaneous open over these lines. "A message takes" is the lower quartile from writing to being shown. One run on two shared cores, ${new Date().toISOString().slice(0, 10)}, by \`npm run test:long -- test/lab/lossy-lines.long.ts\`.

${table().join('\n')}
`;
}
