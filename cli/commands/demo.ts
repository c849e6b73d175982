// canopy demo: two branches of a company on this machine, for a person to try or for a script to check.
import { type Command, Option } from 'commander';
import { InputError, LocalError } from '../../src/realm/errors.ts';
import { untilAborted } from '../../src/realm/until-aborted.ts';
import { type Cli, paint, printJson, printLines, say } from '../cli.ts';
import { act, jsonOption, makeCommand } from '../command.ts';
import type { CheckedMessage } from '../demo/demo-check.ts';
import type { DemoReady } from '../demo/demo-screen.ts';
import type { Demonstration } from '../demo/demonstration.ts';

interface DemoOptions {
  readonly dir?: string;
  readonly check: boolean;
  readonly json: boolean;
  readonly withoutRelay?: string;
}

/** The whole check, from nothing to its end. */
const CHECK_DEADLINE = 120_000;

export function demoCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'demo',
    summary: 'Run two branches on this machine',
    details:
      'A region, an enterprise and two branches on loopback, with a user in each branch: everything as init, invite, join ' +
      'and start would do it. The data is temporary unless --dir names a place.\n' +
      'With --check it sends a message each way, tells the way it went, and ends.',
    examples: ['canopy demo', 'canopy demo --dir ~/canopy-demo      keep the data', 'canopy demo --check --json'],
  })
    .addOption(new Option('--dir <dir>', 'keep the data there'))
    .addOption(new Option('--check', 'send a message each way and end').default(false))
    .addOption(new Option('--without-relay <branch>', 'stop the relay of a branch before the check').hideHelp())
    .addOption(jsonOption())
    .action(act('the demonstration failed', (options: DemoOptions) => demo(cli, options)));
}

async function demo(cli: Cli, options: DemoOptions): Promise<void> {
  const stop = cli.stopSignal();
  const signal = options.check ? AbortSignal.any([stop, AbortSignal.timeout(CHECK_DEADLINE)]) : stop;
  // What only the demonstration needs is loaded only for it: every other command starts sooner.
  const { prepareDemonstration } = await import('../demo/demonstration.ts');
  const demonstration = await prepareDemonstration({
    dir: options.dir,
    anyPorts: options.check,
    env: cli.env,
    signal,
    say: (text) => say(cli, text),
  });
  try {
    if (options.check) await check(cli, demonstration, options);
    else await show(cli, demonstration, options, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
    // Who stops a demonstration has seen enough; a check that was stopped has not been passed.
    if (options.check) throw new LocalError('stopped', 'it was told to stop before its end', { hint: 'Run it again.' });
  } finally {
    await demonstration.stop();
  }
}

async function check(cli: Cli, demonstration: Demonstration, options: DemoOptions): Promise<void> {
  const people = await demonstration.start();
  if (options.withoutRelay === undefined) await demonstration.ping();
  else await stopRelay(demonstration, options.withoutRelay);
  const messages = await demonstration.check(people);
  const [first] = messages;
  if (options.json) {
    printJson(cli, { ok: true, path: first?.path, hops: first?.hops, milliseconds: first?.milliseconds, messages });
  } else {
    printLines(cli, ['ok', ...messages.flatMap(messageLines)]);
  }
}

async function stopRelay(demonstration: Demonstration, name: string): Promise<void> {
  const branch = demonstration.plan.branches.find(({ realm }) => realm === name || realm.startsWith(`${name}.`));
  if (!branch) throw new InputError('no-such-branch', `the demonstration has no branch "${name}"`);
  await demonstration.stopRelay(branch.realm);
}

function messageLines({ from, to, path, via, milliseconds, hops }: CheckedMessage): string[] {
  return [
    `  ${from} to ${to}: ${via ? `${path} by ${via}` : path}, ${milliseconds} ms`,
    ...hops.map(({ role, realm, pid, peerId }) => `    ${role.padEnd(5)} ${realm}  process ${pid}  ${peerId}`),
  ];
}

async function show(cli: Cli, demonstration: Demonstration, { json }: DemoOptions, stop: AbortSignal): Promise<void> {
  const [{ ensureWebClient }, screen] = await Promise.all([
    import('../demo/web-client.ts'),
    import('../demo/demo-screen.ts'),
  ]);
  // A node reads its pages when it starts.
  const pages = ensureWebClient(stop);
  const [, people] = await Promise.all([pages, demonstration.start(pages)]);
  for (const { client } of people) await client.logout({ keepDevice: true });
  const ready: DemoReady = {
    plan: demonstration.plan,
    temporary: demonstration.temporary,
    url: (branch) => demonstration.url(branch),
    ping: await demonstration.ping(),
  };
  if (json) printJson(cli, screen.demoDocument(ready));
  else
    printLines(
      cli,
      screen.demoLines(ready, (text) => paint(cli, cli.stdout, 'bold', text)),
    );
  await untilAborted(stop);
}
