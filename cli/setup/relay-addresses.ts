// Where others reach the relay of this host, as multiaddrs: announced addresses, else what it listens on, with the
// addresses of this host's interfaces in place of "any".
import { networkInterfaces } from 'node:os';
import type { HostPort } from '../../src/settings/host-port.ts';
import { isAnyHost } from '../../src/settings/host-port.ts';
import type { Settings } from '../../src/settings/settings.ts';

export function relayAddresses(settings: Settings['relay'], peerId: string): string[] {
  const reachable = settings.listen.flatMap((listen) => (isAnyHost(listen.host) ? everyInterface(listen) : [listen]));
  return [...settings.announce, ...reachable].map((where) => `${multiaddrOf(where)}/p2p/${peerId}`);
}

function everyInterface({ host, port }: HostPort): HostPort[] {
  const wanted = host === '::' ? ['IPv4', 'IPv6'] : ['IPv4'];
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, scopeid }) => wanted.includes(family) && !internal && !scopeid)
    .map(({ address }) => ({ host: address, port }));
}

function multiaddrOf({ host, port }: HostPort): string {
  if (host.includes(':')) return `/ip6/${host}/tcp/${port}`;
  return /^[\d.]+$/.test(host) ? `/ip4/${host}/tcp/${port}` : `/dns/${host}/tcp/${port}`;
}
