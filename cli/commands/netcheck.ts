// canopy netcheck: what the network before the relay is like, and what would make more paths possible.
import type { Command } from 'commander';
import { type Netcheck, RelayClient } from '../../relay/api.ts';
import { InputError } from '../../src/realm/errors.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type Cli, paint, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { FindingsPresent } from '../exit-codes.ts';
import { tableLines } from '../table.ts';

interface NetcheckOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function netcheckCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'netcheck',
    summary: "Tell the kind of NAT before this realm's relay, and what to do about it",
    details:
      'Asks the STUN servers of the relays above this one, over UDP and TCP, from the ports that links are made from.\n' +
      'Runs on the host of the relay. Exit code 7 when something stands in the way of direct paths.',
    examples: ['canopy netcheck --dir /srv/kyiv', 'canopy netcheck --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the network was not examined', (options: NetcheckOptions) => netcheck(cli, options)));
}

/** @throws FindingsPresent */
async function netcheck(cli: Cli, { dir, json }: NetcheckOptions): Promise<void> {
  const directory = await openDataDirectory(dir);
  const { programs, realm } = await readRealmFile(directory);
  if (!programs.includes('relay')) {
    throw new InputError('wrong-program', `this host runs only the node of ${realm}`, {
      hint: 'Run it on the host of the relay, in the DMZ.',
    });
  }
  const report = await new RelayClient(directory.socket.relay).netcheck();
  const advice = adviceOf(report);
  if (json) printJson(cli, { realm, ...report, advice });
  else
    printLines(cli, [...advice.map((text) => paint(cli, cli.stdout, 'yellow', `! ${text}`)), ...netcheckLines(report)]);
  if (advice.length > 0) throw new FindingsPresent();
}

export function netcheckLines({ nat, udp, tcp, udpBlocked, servers, ipv6, mapping }: Netcheck): string[] {
  const facts = [
    ['NAT', nat === udp && nat === tcp ? nat : `${nat} (UDP ${udp}, TCP ${tcp})`],
    ['UDP', udpBlocked === undefined ? 'unknown' : udpBlocked ? 'blocked' : 'passes'],
    ['IPv6', ipv6.hasAddress ? (ipv6.works === false ? 'an address, but no answer' : 'yes') : 'no public address'],
    [
      'mapping',
      mapping.outer ?? (mapping.allowed ? `none: ${mapping.error ?? 'no answer'}` : 'not allowed by the settings'),
    ],
  ];
  const width = Math.max(...facts.map(([name = '']) => name.length));
  const rows = servers.map(({ server, udp: overUdp, tcp: overTcp }) => [server, overUdp ?? '-', overTcp ?? '-']);
  return [
    ...facts.map(([name = '', value = '']) => `${name.padEnd(width)}  ${value}`),
    ...(rows.length > 0 ? ['', ...tableLines(['STUN SERVER', 'SEEN AS (UDP)', 'SEEN AS (TCP)'], rows)] : []),
  ];
}

/** What an operator could change, worst first. */
export function adviceOf({ nat, udpBlocked, servers, ipv6, mapping, forward }: Netcheck): string[] {
  const answered = servers.some(({ udp, tcp }) => udp !== undefined || tcp !== undefined);
  const [inner] = forward?.to ?? [];
  return [
    ...(servers.length > 0 && !answered
      ? ['no STUN server answers: is TCP or UDP port 3478 to the relays above open, and does the relay reach them?']
      : []),
    ...(nat === 'symmetric' && !mapping.outer && forward
      ? [
          `a symmetric NAT can't be punched: have the router forward TCP port ${forward.port} to ${inner ?? 'this relay'}`,
        ]
      : []),
    ...(udpBlocked === true ? ['UDP is blocked: paths by WebRTC are impossible; paths by TCP are not affected'] : []),
    ...(ipv6.hasAddress && ipv6.works === false ? ['this host has an IPv6 address, but nothing answers over it'] : []),
  ];
}
