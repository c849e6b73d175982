// `npm run simulate`: simulated worlds of many realms, one for each seed; docs/simulation.md says what is in them.
//
//   npm run simulate -- --seeds 1000 --realms 8             many short runs
//   npm run simulate -- --seed 17 --log                     one run again, with everything that happened in it
//   npm run simulate -- --seeds 1 --realms 500 --hours 24 --users 10000
//   npm run simulate -- --seeds 200 --bug forget-on-cut     a bug that it has to find
//
// Exit code 0: no rule was broken; 1: one was; 2: usage.
import { parseArgs } from 'node:util';
import { PLANTED_BUGS } from '../test/simulation/planted-bugs.ts';
import { simulate, type Verdict } from '../test/simulation/run.ts';
import { longWorld, shortWorld } from '../test/simulation/scenario.ts';
import type { WorldInit } from '../test/simulation/world.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  seed: text,
  seeds: text,
  from: text,
  realms: text,
  users: text,
  hours: text,
  bug: text,
  log: flag,
  json: flag,
} as const;

// Refusals are errors and part of each run by the thousand; nobody reads where they came from.
Error.stackTraceLimit = 0;

interface Command {
  readonly from: number;
  readonly seeds: number;
  readonly world: (seed: number) => WorldInit;
  readonly log: boolean;
  readonly json: boolean;
}

function whole(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${name} ${value}: expected a whole number from 1`);
  return number;
}

function readCommand(args: readonly string[]): Command {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const bug = PLANTED_BUGS.find((known) => known === values.bug);
  if (values.bug !== undefined && !bug) throw new Error(`--bug ${values.bug}: expected ${PLANTED_BUGS.join(', ')}`);
  const realms = whole('realms', values.realms, 8);
  const log = values.log ?? false;
  const more = { ...(bug && { bug }), keepLog: log };
  const long = values.hours !== undefined || values.users !== undefined;
  const users = whole('users', values.users, realms * 20);
  const hours = Number(values.hours ?? 1);
  if (!(hours > 0)) throw new Error(`--hours ${values.hours}: expected a number above 0`);
  return {
    from: whole('seed', values.seed, whole('from', values.from, 1)),
    seeds: values.seed === undefined ? whole('seeds', values.seeds, 20) : 1,
    world: (seed) =>
      long ? longWorld({ seed, realms, users, hours, ...more }) : shortWorld(seed, { realms, ...more }),
    log,
    json: values.json ?? false,
  };
}

function show({ seed, hash, broken, events, written, arrived, crashes, violations, lines }: Verdict): void {
  for (const line of lines) console.log(line);
  const state = broken === 0 ? 'ok  ' : 'FAIL';
  console.log(`${state} seed ${seed}  ${hash}  ${arrived}/${written} messages, ${events} events, ${crashes} crashes`);
  for (const { rule, at, what } of violations) console.log(`     ${rule} at ${(at / 1000).toFixed(1)} s: ${what}`);
}

async function run({ from, seeds, world, log, json }: Command): Promise<number> {
  const verdicts: Verdict[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    const verdict = await simulate(world(seed), ({ hours, events, arrived }) =>
      console.error(`seed ${seed}: ${hours} h, ${events} events, ${arrived} messages arrived`),
    );
    verdicts.push(verdict);
    if (!json) show(verdict);
    if (!json && verdict.broken > 0 && !log) console.log(`     with its event log: --seed ${seed} --log`);
  }
  const failed = verdicts.filter(({ broken }) => broken > 0).map(({ seed }) => seed);
  const runs = verdicts.map(({ lines, ...rest }) => ({ ...rest, ...(log && { lines }) }));
  if (json) console.log(JSON.stringify({ schemaVersion: 1, seeds, failed, runs }));
  else console.log(`${seeds} runs, ${failed.length} broke a rule${failed.length > 0 ? `: ${failed.join(', ')}` : ''}`);
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await run(readCommand(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Error) || !/^(--|Unknown|Unexpected|Option)/.test(error.message)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
