// canopy status: this realm and the ways to others, warnings first.
import type { Command } from 'commander';
import { AdminClient, type Neighbour, type Status } from '../../node/admin/api.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { type Cli, paint, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { shortDuration, tableLines } from '../table.ts';
import { formatRtt } from './ping.ts';

const DAY = 86_400_000;

interface StatusOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function statusCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'status',
    summary: 'Tell how this realm and the ways to others are',
    examples: ['canopy status --dir /srv/kyiv', 'canopy status --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the state is not known', (options: StatusOptions) => showStatus(cli, options)));
}

async function showStatus(cli: Cli, options: StatusOptions): Promise<void> {
  const directory = await openDataDirectory(options.dir);
  const status = await new AdminClient(directory.socket.node).status();
  if (options.json) printJson(cli, statusDocument(status));
  else
    printLines(
      cli,
      statusLines(status, Date.now(), (text) => paint(cli, cli.stdout, 'yellow', text)),
    );
}

/** Times in RFC 3339, UTC. */
function statusDocument(status: Status): object {
  const iso = (time: number): string => new Date(time).toISOString();
  return {
    ...status,
    startedAt: iso(status.startedAt),
    certificate: {
      ...status.certificate,
      notAfter: iso(status.certificate.notAfter),
      daysLeft: daysLeft(status, Date.now()),
    },
    realms: status.realms.map(({ since, oldest, ...realm }) => ({
      ...realm,
      ...(since === undefined ? {} : { since: iso(since) }),
      ...(oldest === undefined ? {} : { oldest: iso(oldest) }),
    })),
  };
}

function daysLeft({ certificate }: Status, now: number): number {
  return Math.floor((certificate.notAfter - now) / DAY);
}

export function statusLines(status: Status, now: number, warn: (text: string) => string): string[] {
  const queued = status.realms.reduce((sum, realm) => sum + realm.queued, 0);
  const head = [
    status.realm,
    status.tier,
    `up ${shortDuration(now - status.startedAt)}`,
    `${status.online} online`,
    `${queued} queued`,
    `certificate ${daysLeft(status, now)} d`,
    `canopy ${status.version}`,
  ];
  const table = tableLines(
    ['  REALM', 'TIER', 'PATH', 'RTT', 'QUEUE', 'CLOCK'],
    status.realms.map((realm) => neighbourRow(realm, now)),
  );
  return [
    ...status.warnings.map((text) => warn(`! ${text}`)),
    head.join('  '),
    ...(status.realms.length > 0 ? table : []),
  ];
}

function neighbourRow(realm: Neighbour, now: number): string[] {
  const queue =
    realm.oldest === undefined ? `${realm.queued}` : `${realm.queued}, ${shortDuration(now - realm.oldest)}`;
  return [
    `  ${realm.realm}`,
    realm.tier ?? '',
    realm.via ? `${realm.path} by ${realm.via}` : realm.path,
    realm.rtt === undefined ? '' : formatRtt(realm.rtt),
    queue,
    realm.clockSkew === undefined ? '' : formatSkew(realm.clockSkew),
  ];
}

function formatSkew(milliseconds: number): string {
  const tenths = Math.round(milliseconds / 100);
  return `${tenths < 0 ? '-' : '+'}${(Math.abs(tenths) / 10).toFixed(1)} s`;
}
