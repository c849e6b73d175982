// 1 GiB over a relayed path, what it costs each program, and streams that stay open for more than two minutes meanwhile.
// Prints its figures and writes docs/measured/forward.md.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { TwoBranches } from '../overlay/flow/processes.ts';
import { bulk, percentile, settle, texts } from '../overlay/flow/relayed.ts';

const MIB = 1024 * 1024;
const WHOLE = 1024 * MIB;
const LIMIT = { timeout: 1_200_000 };
const KEPT = 150_000;
const EVERY = 100;
const GROWTH = 64;
const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'measured', 'forward.md');

let branches: TwoBranches;

before(async () => {
  branches = await TwoBranches.start({ punch: [] });
  await settle(branches, 'relayed');
}, LIMIT);
after(() => branches?.stop());

test('1 GiB arrives whole over three relays that keep their size, and texts keep their pace', LIMIT, async (t) => {
  const idle = await texts(branches, 100);
  for (const relay of Object.values(branches.relays)) relay.forgetPeak();
  const before = branches.all.map(({ cpu, memory }) => ({ cpu, memory }));
  const done = new AbortController();
  const carried = bulk(branches, WHOLE).finally(() => done.abort());
  const busy: number[] = [];
  do busy.push(...(await texts(branches, 20)));
  while (!done.signal.aborted);
  const { isWhole, mbit } = await carried;
  const costs = branches.all.map((process, index) => ({
    name: process.name,
    cpu: (process.cpu - (before[index]?.cpu ?? 0)) / (WHOLE / 1e9),
    grew: process.peak - (before[index]?.memory ?? 0),
  }));
  const p95 = { idle: percentile(idle, 0.95), busy: percentile(busy, 0.95) };
  const page = pageOf(mbit, costs, p95);
  t.diagnostic(page);
  await writeFile(PAGE, page);
  assert.ok(isWhole);
  for (const { name, grew } of costs)
    assert.ok(!name.startsWith('relay') || grew < GROWTH, `${name} grew by ${grew} MiB`);
  assert.ok(p95.busy < 3 * p95.idle + 50, `${p95.busy} ms under bulk, ${p95.idle} ms idle`);
});

test('streams over a relayed path stay open for more than two minutes, in use or not', LIMIT, async () => {
  const used = texts(branches, KEPT / EVERY);
  const before = await bulk(branches, MIB);
  await pause(KEPT);
  assert.equal((await used).length, KEPT / EVERY);
  const later = await bulk(branches, MIB);
  assert.ok(before.isWhole && later.isWhole);
});

interface Cost {
  readonly name: string;
  readonly cpu: number;
  readonly grew: number;
}

function pageOf(mbit: number, costs: readonly Cost[], p95: { idle: number; busy: number }): string {
  const rows = costs.map(({ name, cpu, grew }) => `| ${name} | ${cpu.toFixed(1)} | ${Math.max(0, grew).toFixed(0)} |`);
  return `# Forwarding

1 GiB of the class bulk from one branch to another over their enterprise's relay: two nodes and three relays, each a process of its own, all on two shared cores, with a text each 100 ms beside it. One run,
${new Date().toISOString().slice(0, 10)}, by \`npm run test:long\`; figures of such a machine move by half when others use it. \`node scripts/bench/forward.ts\` measures the same by hand, beside a bare TCP
connection in the same run, and the direct path with \`--path direct\`.

| program | CPU-seconds a GB | grew by MiB |
|---|---|---|
${rows.join('\n')}

${mbit.toFixed(0)} Mbit/s. Texts and their echo, p95: ${p95.idle.toFixed(1)} ms idle, ${p95.busy.toFixed(1)} ms under bulk.

What a host needs follows from this in docs/protocols/bulk.md.
`;
}
