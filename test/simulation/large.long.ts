// A day of 500 realms with 10,000 users, and what it costs each realm against 50 realms. CANOPY_SIMULATION_HOURS shortens it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type LocationCost, locateForAnHour } from './location-world.ts';
import { simulateApart } from './own-process.ts';
import type { Verdict } from './run.ts';

const HOURS = Number(process.env['CANOPY_SIMULATION_HOURS'] ?? 24);
const SMALL = 50;
const LARGE = 500;
const USERS_PER_REALM = 20;
const REPORT = join(import.meta.dirname, '..', '..', 'docs', 'measured', 'simulation.md');
const MIB = 1024 * 1024;

interface Measured {
  readonly realms: number;
  readonly verdict: Verdict;
  readonly location: LocationCost;
}

async function measure(realms: number): Promise<Measured> {
  const location = await locateForAnHour(1, realms);
  const size = { seed: 1, realms, users: realms * USERS_PER_REALM, hours: HOURS };
  const args = Object.entries(size).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const [verdict] = await simulateApart(args, { many: true });
  if (!verdict) throw new Error('no verdict');
  return { realms, verdict, location };
}

/** Frames of one protocol for each realm and hour. */
function rate({ realms, verdict }: Measured, protocol: string): { frames: number; bytes: number } {
  const { frames = 0, bytes = 0 } = verdict.protocols[`/canopy/${protocol}/1`] ?? {};
  return { frames: frames / realms / HOURS, bytes: bytes / realms / HOURS };
}

function column(measured: Measured): string[] {
  const { realms, verdict, location } = measured;
  const { cpu, memory } = verdict;
  const each = (protocol: string) => {
    const { frames, bytes } = rate(measured, protocol);
    return `${frames.toFixed(1)} frames, ${(bytes / 1024).toFixed(1)} KiB`;
  };
  return [
    String(verdict.written),
    `${verdict.arrived}, ${verdict.broken} rules broken`,
    String(verdict.crashes),
    `${location.messages.toFixed(1)} messages, ${(location.bytes / 1024).toFixed(1)} KiB`,
    `${location.records.toFixed(2)} (region: ${location.most})`,
    each('ledger'),
    each('profile'),
    each('deliver'),
    each('custody'),
    `${(verdict.disks.bytes / realms / 1024).toFixed(0)} KiB, ${(verdict.disks.rows / realms).toFixed(0)} rows`,
    `${(memory / realms / MIB).toFixed(2)} MiB`,
    `${verdict.peaks.streams}, ${verdict.peaks.bytes} bytes`,
    `${verdict.events}`,
    `${cpu.toFixed(0)} s`,
  ];
}

const ROWS = [
  'messages written',
  'arrived',
  'crashes',
  'location, a realm and hour',
  'location records a relay holds',
  'ledger, a realm and hour',
  'profiles, a realm and hour',
  'deliveries, a realm and hour',
  'custody, a realm and hour',
  'on disk, a realm',
  'memory of the process, a realm',
  'most streams of one realm, and what they held',
  'events',
  'CPU',
];

function report(all: readonly Measured[]): string {
  const columns = all.map(column);
  const rows = ROWS.map((name, i) => `| ${name} | ${columns.map((values) => values[i] ?? '').join(' | ')} |`);
  return [
    '# Simulation: what a realm costs',
    '',
    `Written by \`npm run test:long -- test/simulation/large.long.ts\`: ${HOURS} simulated hours with crashes, partitions and restarts,`,
    `${USERS_PER_REALM} users for each realm; what founding the realms costs is included. docs/simulation.md says what is simulated.`,
    '',
    `| | ${all.map(({ realms }) => `${realms} realms`).join(' | ')} |`,
    `|---|${all.map(() => '---|').join('')}`,
    ...rows,
    '',
  ].join('\n');
}

test(`${LARGE} realms for ${HOURS} hours: all rules hold, and a realm costs what it costs among ${SMALL}`, {
  timeout: 4 * 3_600_000,
}, async (t) => {
  const [small, large] = [await measure(SMALL), await measure(LARGE)];
  const text = report([small, large]);
  t.diagnostic(text);
  await writeFile(REPORT, text);
  for (const { verdict, location } of [small, large]) {
    assert.deepEqual(verdict.violations, []);
    assert.equal(location.found, location.asked);
  }
  // Ten times the realms: no more than the logarithm for location, no more than the news for the ledger.
  const growth = Math.log(LARGE) / Math.log(SMALL);
  assert.ok(large.verdict.cpu + small.verdict.cpu <= 15 * 60, 'more than 15 minutes of CPU');
  assert.ok(large.location.messages <= small.location.messages * growth);
  assert.ok(large.location.records <= small.location.records * growth);
  assert.ok(rate(large, 'ledger').frames <= rate(small, 'ledger').frames * 1.25);
  assert.ok(rate(large, 'ledger').bytes <= rate(small, 'ledger').bytes * 1.25);
});
