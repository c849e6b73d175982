// `npm test`: units and integration, then the NAT laboratory, then the browser; `--long` runs what takes longer instead.
// What this machine can't run is named at the end, loudly. CANOPY_TEST_REQUIRE=lab,browser makes that, and every skipped
// test, a failure. Words after `--` choose files instead of all: a whole path takes any test file, also one of the other
// kind (`npm test -- test/lab/soak.long.ts`); a part of a path takes those of the kind that contain it (`npm test -- stun`).
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { whyNoBrowser } from '../test/e2e/chromium.ts';
import { enterCommand, whyNoLaboratory } from '../test/lab/enter.ts';

interface Stage {
  readonly name: string;
  /** Patterns of its files: those of `npm test` and those of `npm run test:long`. */
  readonly short: readonly string[];
  readonly long: readonly string[];
  /** Test files that run side by side; 1 where they are heavy or time-sensitive. */
  readonly concurrency: number;
  /** Each file has a laboratory of its own, so that several can stand side by side. */
  readonly apart?: boolean;
  readonly whyNot?: string | undefined;
  enter?(command: readonly string[]): string[];
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** The runner has a limit for each test, but none for a file whose tests are over and which does not end. */
const FILE_LIMIT = new URL('./file-limit.ts', import.meta.url).href;
/** Files of the laboratory whose figures another one beside them would spoil. */
const MEASURED = ['relayed-bulk', 'slow-line'];
/** The runner's line before it says of each failed test why. */
const FAILURES_FOLLOW = '✖ failing tests:';
const required = new Set((process.env['CANOPY_TEST_REQUIRE'] ?? '').split(',').filter(Boolean));
const { values, positionals: names } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const stages: readonly Stage[] = [
  {
    name: 'unit',
    short: ['test/!(lab|e2e)/**/*.test.ts', 'test/*.test.ts'],
    long: ['test/!(lab|e2e)/**/*.long.ts'],
    concurrency: 3,
  },
  {
    name: 'lab',
    short: [`test/**/!(${MEASURED.join('|')}).lab.ts`],
    long: [],
    concurrency: 2,
    apart: true,
    whyNot: whyNoLaboratory(),
    enter: enterCommand,
  },
  {
    name: 'lab, one by one',
    short: [`test/lab/{${MEASURED.join(',')}}.lab.ts`],
    long: ['test/lab/*.long.ts'],
    concurrency: 1,
    apart: true,
    whyNot: whyNoLaboratory(),
    enter: enterCommand,
  },
  {
    name: 'browser',
    short: ['test/e2e/*.e2e.ts'],
    long: ['test/e2e/*.long.ts'],
    concurrency: 1,
    whyNot: whyNoBrowser(),
  },
];

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const notRun: string[] = [];
/** What the runner says of each test that failed; said again at the very end, where it is looked for. */
const failures: string[] = [];
for (const name of names.filter((name) => stages.every((stage) => chosen(stage, [name]).length === 0))) {
  console.log(`!! no test file is called ${name}`);
  total.failed++;
}
for (const stage of stages) {
  const files = chosen(stage, names);
  if (files.length === 0) continue;
  if (stage.whyNot !== undefined) {
    notRun.push(`${stage.name} (${files.length} files): ${stage.whyNot}`);
    continue;
  }
  console.log(`\n== ${stage.name}: ${files.length} files`);
  const tally = await runStage(stage, files);
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  if (tally.skipped > 0) notRun.push(`${stage.name}: ${tally.skipped} skipped tests`);
}

if (failures.length > 0) console.log(['\n== what failed', ...failures].join('\n'));
for (const line of notRun) console.log(`\n!! NOT RUN  ${line}`);
if (required.size > 0 && notRun.length > 0) {
  console.log(`\n!! CANOPY_TEST_REQUIRE=${[...required].join(',')} allows nothing to be left out`);
  total.failed += notRun.length;
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

/** The files of a stage: all of the kind that was asked for, or those that the words choose. */
function chosen(stage: Stage, words: readonly string[]): string[] {
  const ofKind = globSync(values.long ? stage.long : stage.short);
  if (words.length === 0) return ofKind.sort();
  const all = globSync([...stage.short, ...stage.long]);
  const paths = words.map((word) => relative('.', resolve(word)));
  const files = words.flatMap((word, index) => {
    const exact = all.filter((file) => file === paths[index]);
    return exact.length > 0 ? exact : ofKind.filter((file) => file.includes(word));
  });
  return [...new Set(files)].sort();
}

/** Runs a stage in one process, or each file in a process of its own; the output of those side by side is shown once it is whole. */
async function runStage(stage: Stage, files: readonly string[]): Promise<Tally> {
  if (!stage.apart) return runFiles(stage, files, (line) => console.log(line));
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...files];
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const lines: string[] = [];
      const show = stage.concurrency > 1 ? (line: string) => void lines.push(line) : console.log;
      console.log(`-- ${file} begins`);
      const { passed, failed, skipped } = await runFiles(stage, [file], show);
      if (lines.length > 0) console.log([`-- ${file}`, ...lines].join('\n'));
      tally.passed += passed;
      tally.failed += failed;
      tally.skipped += skipped;
    }
  };
  await Promise.all(Array.from({ length: stage.concurrency }, lane));
  return tally;
}

/** Reads the totals that node's runner prints last. */
async function runFiles(stage: Stage, files: readonly string[], show: (line: string) => void): Promise<Tally> {
  const node = [
    process.execPath,
    '--test',
    `--test-concurrency=${stage.apart ? 1 : stage.concurrency}`,
    '--test-reporter=spec',
    `--import=${FILE_LIMIT}`,
    ...files,
  ];
  const [command = '', ...args] = stage.enter?.(node) ?? node;
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  let isTellingFailures = false;
  for await (const line of createInterface({ input: child.stdout })) {
    show(line);
    if (isTellingFailures) failures.push(line);
    isTellingFailures ||= line === FAILURES_FOLLOW;
    const [, key, count] = /^ℹ (pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line) ?? [];
    if (key === 'pass') tally.passed += Number(count);
    if (key === 'fail' || key === 'cancelled') tally.failed += Number(count);
    if (key === 'skipped' || key === 'todo') tally.skipped += Number(count);
  }
  const code = child.exitCode ?? (await new Promise<number | null>((done) => child.once('exit', done)));
  if (code !== 0 && tally.failed === 0) {
    tally.failed = 1;
    failures.push(`the runner ended with ${code} and named no test: ${files.join(', ')}`);
  }
  return tally;
}
