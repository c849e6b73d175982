// How clients of the LAN may call this host, and what its LAN authority may vouch for.
import { isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { LanScope } from '../pki/lan.ts';
import { isAnyHost, isLoopbackHost } from './host-port.ts';
import type { Settings } from './settings.ts';

const LOOPBACK = { hosts: ['localhost', '127.0.0.1'], zones: ['localhost'], ranges: ['127.0.0.0/8'] } as const;

export interface LanHosts {
  readonly hosts: readonly string[];
  readonly scope: LanScope;
}

/** Names that were configured, and the addresses that the node listens on. */
export function lanHosts({ listen, names }: Settings['lan']): LanHosts {
  const any = isAnyHost(listen.host);
  const interfaces = listenedInterfaces(listen.host);
  const loopback = any || isLoopbackHost(listen.host) ? LOOPBACK : { hosts: [], zones: [], ranges: [] };
  const named = names.filter((name) => isIP(name) === 0);
  const extra = [...names.filter((name) => isIP(name) !== 0), ...(isIP(listen.host) && !any ? [listen.host] : [])];
  const ranges = interfaces.flatMap(({ cidr }) => (cidr ? [networkOf(cidr)] : []));
  return {
    hosts: unique([...names, ...extra, ...interfaces.map(({ address }) => address), ...loopback.hosts]),
    scope: {
      zones: unique([...named, ...loopback.zones]),
      ranges: unique([
        ...ranges,
        ...loopback.ranges,
        ...extra.map((address) => `${address}/${isIP(address) === 4 ? 32 : 128}`),
      ]),
    },
  };
}

function listenedInterfaces(host: string): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address, family, scopeid }) => {
      const wanted = host === '::' || (family === 'IPv4' && isAnyHost(host)) || address === host;
      return wanted && !internal && !scopeid;
    });
}

/** `10.1.2.3/24` to `10.1.2.0/24`; an IPv6 interface stands for its own address alone. */
function networkOf(cidr: string): string {
  const [address = '', bits = ''] = cidr.split('/');
  if (isIP(address) !== 4) return `${address}/128`;
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const network = Math.floor(value / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${bits}`;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
