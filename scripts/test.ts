// `npm test`: units and integration, then the NAT laboratory, then the browser; `--long` runs what takes longer instead.
// What this machine can't run is named at the end, loudly. CANOPY_TEST_REQUIRE=lab,browser makes that, and every skipped
// test, a failure. Words after `--` name files to run instead of all of a stage.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { whyNoBrowser } from '../test/e2e/chromium.ts';
import { enterCommand, whyNoLaboratory } from '../test/lab/enter.ts';

interface Stage {
  readonly name: string;
  readonly files: readonly string[];
  /** Test files that run side by side; 1 where they are heavy or time-sensitive. */
  readonly concurrency: number;
  readonly whyNot?: string | undefined;
  enter?(command: readonly string[]): string[];
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const required = new Set((process.env['CANOPY_TEST_REQUIRE'] ?? '').split(',').filter(Boolean));
const isLong = process.argv.includes('--long');
const suffix = isLong ? 'long' : 'test';

const stages: readonly Stage[] = [
  {
    name: 'unit',
    files: globSync(`test/!(lab|e2e)/**/*.${suffix}.ts`).concat(globSync(`test/*.${suffix}.ts`)),
    concurrency: 2,
  },
  {
    name: 'lab',
    files: globSync(`test/{lab,overlay/links}/*.${isLong ? 'long' : 'lab'}.ts`),
    concurrency: 1,
    whyNot: whyNoLaboratory(),
    enter: enterCommand,
  },
  {
    name: 'browser',
    files: globSync(`test/e2e/*.${isLong ? 'long' : 'e2e'}.ts`),
    concurrency: 1,
    whyNot: whyNoBrowser(),
  },
];

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const notRun: string[] = [];
for (const stage of stages) {
  if (stage.files.length === 0) continue;
  if (stage.whyNot !== undefined) {
    notRun.push(`${stage.name} (${stage.files.length} files): ${stage.whyNot}`);
    continue;
  }
  console.log(`\n== ${stage.name}: ${stage.files.length} files`);
  const tally = await runStage(stage);
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  if (tally.skipped > 0) notRun.push(`${stage.name}: ${tally.skipped} skipped tests`);
}

for (const line of notRun) console.log(`\n!! NOT RUN  ${line}`);
if (required.size > 0 && notRun.length > 0) {
  console.log(`\n!! CANOPY_TEST_REQUIRE=${[...required].join(',')} allows nothing to be left out`);
  total.failed += notRun.length;
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

/** Runs one stage in a process of its own and reads the totals that node's runner prints last. */
async function runStage(stage: Stage): Promise<Tally> {
  const node = [
    process.execPath,
    '--test',
    `--test-concurrency=${stage.concurrency}`,
    '--test-reporter=spec',
    ...[...stage.files].sort(),
  ];
  const [command = '', ...args] = stage.enter?.(node) ?? node;
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    const [, key, count] = /^ℹ (pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line) ?? [];
    if (key === 'pass') tally.passed += Number(count);
    if (key === 'fail' || key === 'cancelled') tally.failed += Number(count);
    if (key === 'skipped' || key === 'todo') tally.skipped += Number(count);
  }
  const code = child.exitCode ?? (await new Promise<number | null>((done) => child.once('exit', done)));
  if (code !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}
