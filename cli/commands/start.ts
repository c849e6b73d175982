// canopy start: runs the realm of a data directory until it is told to stop.
import { type Command, Option } from 'commander';
import { ROLES, type Role } from '../../src/realm/names.ts';
import { untilAborted } from '../../src/realm/until-aborted.ts';
import { type Cli, printJson, printLines, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { type RunningRealm, startRealm } from '../supervisor/start-realm.ts';

interface StartOptions {
  readonly dir: string;
  readonly only?: Role;
  readonly json: boolean;
}

export function startCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'start',
    summary: 'Run the realm of a data directory',
    details:
      'Runs its node and its relay, starts either again when it ends by itself, and stops both on SIGTERM or Ctrl+C.\n' +
      'With --json the first line on stdout comes when clients can log in.',
    examples: ['canopy start --dir /srv/kyiv', 'canopy start --dir /srv/kyiv --only relay    on the DMZ host'],
  })
    .addOption(dirOption(cli))
    .addOption(new Option('--only <program>', 'run one of the two programs').choices(ROLES))
    .addOption(jsonOption())
    .action(act('the realm was not started', (options: StartOptions) => start(cli, options)));
}

async function start(cli: Cli, options: StartOptions): Promise<void> {
  const stop = cli.stopSignal();
  try {
    const { dir, only } = options;
    const running = await startRealm({ dir, only, env: cli.env, signal: stop, say: (text) => say(cli, text) });
    announce(cli, running, options.json);
    await untilAborted(stop);
    await running.supervisor.stop();
  } catch (error) {
    // Told to stop before it was up: that is what it did.
    if (!stop.aborted) throw error;
  }
}

function announce(cli: Cli, { realm, lan, relay }: RunningRealm, json: boolean): void {
  if (json) {
    printJson(cli, { ready: true, realm, ...(lan ? { lan } : {}), relay });
    return;
  }
  printLines(cli, [
    `${realm} is up`,
    ...(lan ? [`  clients  ${lan}`] : []),
    ...relay.map((address) => `  relay    ${address}`),
  ]);
}
