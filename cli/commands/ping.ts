// canopy ping: the way to another realm's node, the programs on it, and how long it takes.
import type { Command } from 'commander';
import { AdminClient, type Ping } from '../../node/admin/api.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { tableLines } from '../table.ts';

const DEADLINE = 20_000;

interface PingOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function pingCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'ping',
    summary: 'Tell the path and the round trip to another realm',
    details: 'The path is direct-tcp, direct-webrtc or relayed; each hop is what that program itself reported.',
    examples: ['canopy ping lviv.acme.ua --dir /srv/kyiv', 'canopy ping acme.ua --json --dir /srv/kyiv'],
  })
    .argument('<realm>', 'the realm to reach')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('no answer', (realm: string, options: PingOptions) => ping(cli, realm, options)));
}

async function ping(cli: Cli, name: string, options: PingOptions): Promise<void> {
  const realm = parseRealmName(name);
  const directory = await openDataDirectory(options.dir);
  const report = await new AdminClient(directory.socket.node).ping(realm, DEADLINE);
  if (options.json) printJson(cli, report);
  else printLines(cli, pingLines(report));
}

export function pingLines({ realm, path, rtt }: Ping): string[] {
  const way = path.via ? `${path.kind} by ${path.via}` : path.kind;
  const rows = path.hops.map(({ realm, role, pid, peerId }) => [`  ${role}`, realm, String(pid), peerId]);
  return [`${realm}  ${way}  ${formatRtt(rtt)}`, ...tableLines(['  HOP', 'REALM', 'PROCESS', 'PEER'], rows)];
}

export function formatRtt(milliseconds: number): string {
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}
