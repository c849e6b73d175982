// canopy status: this realm and the ways to others, warnings first.

import type { Command } from 'commander';
import { AdminClient, type Neighbour, type Status } from '../../node/admin/api.ts';
import { RelayClient } from '../../relay/api.ts';
import { systemClock } from '../../src/realm/clock.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type Cli, paint, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { carrierOf } from '../mail-way.ts';
import { showRelayStatus } from '../relay-status.ts';
import { tableLines } from '../table.ts';
import { asTime, shortDuration } from '../times.ts';
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
  const { programs } = await readRealmFile(directory);
  if (!programs.includes('node'))
    return showRelayStatus(cli, new RelayClient(directory.socket.relay), directory.path, options.json);
  const status = await new AdminClient(directory.socket.node).status();
  const now = systemClock.now();
  const warn = (text: string): string => paint(cli, cli.stdout, 'yellow', text);
  if (options.json) printJson(cli, statusDocument(status, now));
  else printLines(cli, statusLines(status, now, warn));
}

/** Times in RFC 3339, UTC. */
function statusDocument(status: Status, now: number): object {
  const { notAfter } = status.certificate;
  return {
    ...status,
    startedAt: asTime(status.startedAt),
    ...(status.locked && { locked: { ...status.locked, since: asTime(status.locked.since) } }),
    certificate: { ...status.certificate, notAfter: asTime(notAfter), daysLeft: daysLeft(notAfter, now) },
    realms: status.realms.map(({ since, oldest, certificateEnds, ...realm }) => ({
      ...realm,
      ...(since === undefined ? {} : { since: asTime(since) }),
      ...(oldest === undefined ? {} : { oldest: asTime(oldest) }),
      ...(certificateEnds === undefined ? {} : { certificateEnds: asTime(certificateEnds) }),
    })),
  };
}

function daysLeft(notAfter: number, now: number): number {
  return Math.floor((notAfter - now) / DAY);
}

export function statusLines(status: Status, now: number, warn: (text: string) => string): string[] {
  const queued = status.realms.reduce((sum, realm) => sum + realm.queued, 0);
  const head = [
    status.realm,
    status.tier,
    `up ${shortDuration(now - status.startedAt)}`,
    `${status.online} online`,
    `${queued} queued`,
    ...relayCount(status),
    `certificate ${daysLeft(status.certificate.notAfter, now)} d`,
    `canopy ${status.version}`,
  ];
  const table = tableLines(
    ['  REALM', 'TIER', 'PATH', 'RTT', 'QUEUE', 'CERT', 'CLOCK', 'RELEASE'],
    status.realms.map((realm) => neighbourRow(status, realm, now)),
  );
  return [
    ...status.warnings.map((text) => warn(`! ${text}`)),
    head.join('  '),
    ...(status.realms.length > 0 ? table : []),
  ];
}

/** Of a realm with several. */
function relayCount({ relays = [] }: Status): string[] {
  return relays.length > 1 ? [`${relays.filter(({ connected }) => connected).length} of ${relays.length} relays`] : [];
}

function neighbourRow(own: Status, realm: Neighbour, now: number): string[] {
  return [
    `  ${realm.realm}`,
    realm.tier ?? '',
    wayTo(realm, carrierOf(own, realm)),
    realm.rtt === undefined ? '' : formatRtt(realm.rtt),
    queueTo(realm, now),
    realm.certificateEnds === undefined ? '' : `${daysLeft(realm.certificateEnds, now)} d`,
    realm.clockSkew === undefined ? '' : formatSkew(realm.clockSkew),
    realm.release ?? '',
  ];
}

function wayTo({ path, via, queueState }: Neighbour, carrier: RealmName | undefined): string {
  if (path === 'unreachable' && queueState === 'custody') return 'by the tiers above';
  return `${via ? `${path} by ${via}` : path}${carrier ? `, messages by ${carrier}` : ''}`;
}

/** How much waits, how long, and where; `frozen` for a realm that was revoked. */
function queueTo({ queued, oldest, queueState, custodian }: Neighbour, now: number): string {
  return [
    `${queued}`,
    ...(oldest === undefined ? [] : [shortDuration(now - oldest)]),
    ...(queued > 0 && custodian ? [`a copy at ${custodian}`] : []),
    ...(queueState === 'frozen' ? ['frozen'] : []),
  ].join(', ');
}

function formatSkew(milliseconds: number): string {
  const tenths = Math.round(milliseconds / 100);
  return `${tenths < 0 ? '-' : '+'}${(Math.abs(tenths) / 10).toFixed(1)} s`;
}
