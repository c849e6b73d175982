// `canopy status` on a DMZ host, where only the relay runs.

import type { RelayClient, RelayStatusAnswer } from '../relay/api.ts';
import { type Cli, printJson, printLines } from './cli.ts';
import { formatRtt } from './commands/ping.ts';
import { afterRevocation, whatIsRevoked } from './doctor/revoked-relay.ts';
import { tableLines } from './table.ts';
import { asTime, shortDuration } from './times.ts';

/** @param dir its data directory */
export async function showRelayStatus(cli: Cli, client: RelayClient, dir: string, json: boolean): Promise<void> {
  const status = await client.status();
  if (json) {
    const links = status.links.map((link) => ({ ...link, since: asTime(link.since) }));
    printJson(cli, { program: 'relay', ...status, links });
  } else printLines(cli, [...warnings(status, dir), ...relayStatusLines(status)]);
}

function warnings({ revoked }: RelayStatusAnswer, dir: string): string[] {
  if (!revoked) return [];
  return [`! ${whatIsRevoked(revoked)}`, ...afterRevocation(revoked, dir, true).map((step) => `  ${step}`), ''];
}

export function relayStatusLines({ realm, node, nat, relays, forwarded, circuits }: RelayStatusAnswer): string[] {
  const head = [
    realm,
    'relay',
    node ? 'its node is connected' : 'its node is NOT connected',
    `NAT ${nat}`,
    `${forwarded} streams forwarded`,
    `${circuits} circuits`,
  ];
  const rows = relays.map((relay) => [
    `  ${relay.realm}`,
    relay.via ? `${relay.path} by ${relay.via}` : relay.path,
    relay.rtt === undefined ? '' : formatRtt(relay.rtt),
    relay.phase,
    relay.nextRoundIn === undefined ? '' : `in ${shortDuration(relay.nextRoundIn)}`,
    relay.peerId,
  ]);
  return [
    head.join('  '),
    ...(rows.length > 0 ? tableLines(['  LINK TO', 'PATH', 'RTT', 'STATE', 'NEXT TRY', 'PEER'], rows) : []),
  ];
}
