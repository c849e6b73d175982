// The tree of commands, and how a run of one ends.
import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { makeCommand } from './command.ts';
import { certCommand } from './commands/cert.ts';
import { chatCommand } from './commands/chat.ts';
import { completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { enrolCommand } from './commands/enrol.ts';
import { evidenceCommand } from './commands/evidence.ts';
import { filesCommand } from './commands/files.ts';
import { incarnationCommand } from './commands/incarnation.ts';
import { initCommand } from './commands/init.ts';
import { inviteCommand } from './commands/invite.ts';
import { joinCommand } from './commands/join.ts';
import { ledgerCommand } from './commands/ledger.ts';
import { lockCommand, unlockCommand } from './commands/lock.ts';
import { netcheckCommand } from './commands/netcheck.ts';
import { pingCommand } from './commands/ping.ts';
import { policyCommand } from './commands/policy.ts';
import { reachCommand } from './commands/reach.ts';
import { realmCommand } from './commands/realm.ts';
import { routeCommand } from './commands/route.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { topologyCommand } from './commands/topology.ts';
import { trustCommand } from './commands/trust.ts';
import { userCommand } from './commands/user.ts';
import { versionCommand } from './commands/version.ts';
import { reportFailure } from './failure.ts';

/** In the order of `canopy --help`. */
const COMMANDS = [
  demoCommand,
  initCommand,
  inviteCommand,
  joinCommand,
  startCommand,
  userCommand,
  statusCommand,
  pingCommand,
  routeCommand,
  netcheckCommand,
  doctorCommand,
  topologyCommand,
  reachCommand,
  trustCommand,
  policyCommand,
  filesCommand,
  chatCommand,
  certCommand,
  realmCommand,
  lockCommand,
  unlockCommand,
  ledgerCommand,
  evidenceCommand,
  incarnationCommand,
  configCommand,
  enrolCommand,
  versionCommand,
];

export function commandTree(cli: Cli): Command {
  const program = makeCommand(cli, {
    name: 'canopy',
    summary: 'Joins the offices of a company into one messenger',
    examples: [
      'canopy demo                                 two branches on this machine, in a minute',
      'canopy init region ua --dir /srv/ua         the first realm',
      'canopy invite branch lviv --dir /srv/acme   a token for a new branch',
      'canopy join TOKEN --dir /srv/lviv           the new branch takes it',
      'canopy start --dir /srv/lviv                and runs',
    ],
  });
  for (const make of COMMANDS) program.addCommand(make(cli));
  return program.addCommand(completionCommand(cli, program));
}

/** Runs one command. Returns the exit code. */
export async function runCli(words: readonly string[], cli: Cli): Promise<number> {
  try {
    await commandTree(cli).parseAsync(words.length === 0 ? ['--help'] : [...words], { from: 'user' });
    return 0;
  } catch (error) {
    return reportFailure(cli, error, words);
  }
}
