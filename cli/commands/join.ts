// canopy join: takes a token (or the pairing line of a split branch) and makes this host part of the overlay.

import { type Command, Option } from 'commander';
import { ROLES, type Role } from '../../src/realm/names.ts';
import { writePrivateFile } from '../../src/settings/private-file.ts';
import { type Cli, printJson, printLines, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { readGivenFile } from '../given-file.ts';
import { addHostOptions, givenSettings, type HostOptions } from '../host-options.ts';
import { readStdin } from '../secret-input.ts';
import { type JoinPlan, planJoin } from '../setup/join-plan.ts';
import { type Courier, enrolmentRequest, joinRealm } from '../setup/join-realm.ts';
import { overlayCourier } from '../setup/overlay-courier.ts';
import { pairingLine } from '../setup/pairing-line.ts';
import { asTime } from '../times.ts';

interface JoinOptions extends HostOptions {
  readonly dir: string;
  readonly only?: Role;
  readonly requestOut?: string;
  readonly reply?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const DETAILS =
  'Makes the keys on this host and has them certified by the realm above. The same command again does no harm.\n\n' +
  'A split branch: the DMZ host joins with --only relay and prints a pairing line; with its relay running, the LAN host ' +
  'joins with that line and --only node.\n\n' +
  'Without a way to the realm above: --request-out writes a file; "canopy enrol" there answers it; --reply takes the answer.';

const EXAMPLES = [
  'canopy join canopy1.… --dir /srv/lviv --lan 10.0.0.5:8443',
  'canopy join - --dir /srv/lviv < token.txt',
  'canopy join canopy1.… --dry-run',
  'canopy join canopy1.… --only relay --dir /srv/lviv-relay         on the DMZ host',
  'canopy join canopypair1.… --only node --dir /srv/lviv            on the LAN host',
  'canopy join canopy1.… --request-out lviv.req --dir /srv/lviv     by files: here,',
  'canopy enrol lviv.req --dir /srv/acme > lviv.reply               there,',
  'canopy join canopy1.… --reply lviv.reply --dir /srv/lviv         and here again',
];

export function joinCommand(cli: Cli): Command {
  const join = makeCommand(cli, {
    name: 'join',
    summary: 'Join the overlay with a token',
    details: DETAILS,
    examples: EXAMPLES,
  })
    .argument('<token>', 'the token or the pairing line; - reads it from stdin')
    .addOption(dirOption(cli))
    .addOption(
      new Option('--only <program>', 'this host of a split branch runs only the relay or the node').choices(ROLES),
    )
    .addOption(new Option('--request-out <file>', 'write the enrolment request to a file and stop there'))
    .addOption(new Option('--reply <file>', 'finish with the reply to that request').conflicts('requestOut'))
    .addOption(new Option('--dry-run', 'tell which realm would be joined, and change nothing').default(false))
    .addOption(jsonOption())
    .action(act('this host did not join', (token: string, options: JoinOptions) => runJoin(cli, token, options)));
  return addHostOptions(join);
}

async function runJoin(cli: Cli, given: string, options: JoinOptions): Promise<void> {
  const line = given === '-' ? await readStdin(cli) : given;
  const plan = await planJoin({ line, dir: options.dir, only: options.only, now: Date.now() });
  if (options.dryRun) return tellPlan(cli, plan, options.json);
  if (options.requestOut !== undefined) return writeRequest(cli, plan, options.requestOut, options.json);
  const courier = options.reply === undefined ? overlayCourier(plan.token.rootFingerprint) : fileCourier(options.reply);
  const changed = await joinRealm(plan, givenSettings(options), courier);
  await tellJoined(cli, plan, changed, options);
}

/** The reply that was carried by hand; it may be as old as the token is good for. */
function fileCourier(path: string): Courier {
  return {
    live: false,
    carry: () => readGivenFile(path),
  };
}

async function writeRequest(cli: Cli, plan: JoinPlan, path: string, json: boolean): Promise<void> {
  await writePrivateFile(path, await enrolmentRequest(plan));
  const { realm } = plan.token;
  if (json) printJson(cli, { realm, request: path });
  else {
    printLines(cli, [
      `wrote ${path}`,
      `  next  carry it to the realm above and run there: canopy enrol ${path} --dir DIR > ${realm}.reply`,
      `        then here, with the same token: canopy join TOKEN --reply ${realm}.reply --dir ${plan.dir}`,
    ]);
  }
}

function facts({ token, dir, programs }: JoinPlan): object {
  const { realm, tier, rootFingerprint, expires } = token;
  return { realm, tier, rootFingerprint, expires: asTime(expires), dir, programs };
}

function tellPlan(cli: Cli, plan: JoinPlan, json: boolean): void {
  const { realm, tier, rootFingerprint, expires, ancestors } = plan.token;
  if (json) {
    printJson(cli, { dryRun: true, ...facts(plan), joined: plan.present !== undefined });
    return;
  }
  printLines(cli, [
    `${plan.present ? 'has joined already as' : 'would join as'} the ${tier} ${realm}`,
    `  root     SHA-256 ${rootFingerprint}`,
    `  token    good until ${asTime(expires)}`,
    `  through  ${ancestors.map((ancestor) => ancestor.realm).join(', ')}`,
    `  into     ${plan.dir}, to run its ${plan.programs.join(' and ')}`,
  ]);
}

async function tellJoined(cli: Cli, plan: JoinPlan, changed: boolean, options: JoinOptions): Promise<void> {
  const { realm, tier } = plan.token;
  const pairing = options.only === 'relay' ? await pairingLine(plan, cli.env) : undefined;
  if (options.json) {
    printJson(cli, { ...facts(plan), changed, ...(pairing ? { pairing } : {}) });
    return;
  }
  const next = `canopy start --dir ${plan.dir}`;
  if (plan.present && changed) {
    printLines(cli, [`added a relay to the ${tier} ${realm} in ${plan.dir}`, `  next  stop the realm, then ${next}`]);
    return;
  }
  const done = `${changed ? 'joined as' : 'has joined already as'} the ${tier} ${realm} in ${plan.dir}`;
  if (pairing === undefined) {
    printLines(cli, [done, `  next  ${next}`]);
    return;
  }
  say(cli, `${done}; start it: ${next}; then on the LAN host: canopy join PAIRING --only node, with this line:`);
  cli.stdout.write(`${pairing}\n`);
}
