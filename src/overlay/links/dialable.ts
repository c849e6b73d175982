// Which addresses of another realm's record we connect to. A record is signed, but by a relay that may be hostile: it must not
// make us knock at sockets of our own host or at whatever else libp2p could dial (a path of a Unix socket, a name of DNS).
import type { Multiaddr } from '@multiformats/multiaddr';
import { isHostAddress } from '../stun/ip-address.ts';

/** `/ip4|ip6/HOST/tcp/PORT` of another host; of this one only where we are nowhere else ourselves, as in a demonstration. */
export function isDialable(address: Multiaddr, own: readonly Multiaddr[]): boolean {
  const host = plainHost(address);
  if (host === undefined) return false;
  return isHostAddress(host) || (isLoopback(host) && own.every((one) => isLoopback(plainHost(one) ?? '')));
}

function plainHost(address: Multiaddr): string | undefined {
  const [ip, tcp, ...rest] = address.getComponents();
  const isPlain = (ip?.name === 'ip4' || ip?.name === 'ip6') && tcp?.name === 'tcp' && rest.length === 0;
  return isPlain ? ip.value : undefined;
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}
