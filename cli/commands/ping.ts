// canopy ping: the way to another realm's node, the programs on it, and how long it takes.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Ping } from '../../node/admin/api.ts';
import { type Clock, sleep, systemClock } from '../../src/realm/clock.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';
import { tableLines } from '../table.ts';

/** Milliseconds for one answer. */
const DEADLINE = 20_000;
const PAUSE = 1_000;
const MAX_COUNT = 1_000;
/** Tries of --until-direct unless told otherwise: a minute. */
const TRIES_UNTIL_DIRECT = 60;

interface PingOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly count?: number;
  readonly untilDirect: boolean;
}

export function pingCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'ping',
    summary: 'Tell the path and the round trip to another realm',
    details: 'The path is direct-tcp, direct-webrtc or relayed; each hop is what that program itself reported.',
    examples: [
      'canopy ping lviv.acme.ua --dir /srv/kyiv',
      'canopy ping lviv.acme.ua --until-direct --dir /srv/kyiv',
      'canopy ping acme.ua --count 5 --json --dir /srv/kyiv',
    ],
  })
    .argument('<realm>', 'the realm to reach')
    .addOption(new Option('--count <n>', 'ask so many times, a second apart').argParser(parseCount))
    .addOption(
      new Option('--until-direct', 'ask until the path is direct, for a minute or --count times').default(false),
    )
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('no answer', (realm: string, options: PingOptions) => ping(cli, realm, options)));
}

async function ping(cli: Cli, name: string, options: PingOptions): Promise<void> {
  const realm = parseRealmName(name);
  const admin = await openAdmin(options.dir);
  const reports: Ping[] = [];
  for await (const report of repeat(() => admin.ping(realm, DEADLINE), options, systemClock, cli)) {
    reports.push(report);
    if (!options.json) printLines(cli, reports.length === 1 ? pingLines(report) : [wayLine(report)]);
  }
  const [first] = reports;
  if (options.json && first) printJson(cli, reports.length === 1 ? first : { realm, pings: reports });
  else if (reports.length > 1) printLines(cli, [summaryLine(reports)]);
}

async function* repeat(
  ask: () => Promise<Ping>,
  { count, untilDirect }: PingOptions,
  clock: Clock,
  cli: Cli,
): AsyncGenerator<Ping> {
  const tries = count ?? (untilDirect ? TRIES_UNTIL_DIRECT : 1);
  for (let tried = 1; ; tried++) {
    const report = await ask();
    yield report;
    if (tried >= tries || (untilDirect && isDirect(report))) return;
    const stop = cli.stopSignal();
    await sleep(clock, PAUSE, stop).catch(() => undefined);
    if (stop.aborted) return;
  }
}

function isDirect({ path }: Ping): boolean {
  return path.kind !== 'relayed';
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return count;
  throw new InvalidArgumentError(`Expected a number from 1 to ${MAX_COUNT}.`);
}

export function pingLines(report: Ping): string[] {
  const rows = report.path.hops.map(({ realm, role, pid, peerId }) => [`  ${role}`, realm, String(pid), peerId]);
  return [wayLine(report), ...tableLines(['  HOP', 'REALM', 'PROCESS', 'PEER'], rows)];
}

function wayLine({ realm, path, rtt }: Ping): string {
  return `${realm}  ${path.via ? `${path.kind} by ${path.via}` : path.kind}  ${formatRtt(rtt)}`;
}

function summaryLine(reports: readonly Ping[]): string {
  const times = reports.map(({ rtt }) => rtt).sort((a, b) => a - b);
  const [least = 0, middle = 0, most = 0] = [times[0], times[times.length >> 1], times.at(-1)];
  return `${times.length} answers  least ${formatRtt(least)}  median ${formatRtt(middle)}  most ${formatRtt(most)}`;
}

export function formatRtt(milliseconds: number): string {
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}
