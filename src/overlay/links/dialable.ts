// Which addresses that others named we connect to. A record is signed, but by a relay that may be hostile: it must not make us
// knock at sockets of our own host, at whatever else libp2p could dial (a path of a Unix socket, a name of DNS), or at hosts
// inside our network that have nothing to do with it, since whoever asked is told whether something answered.
import type { Multiaddr } from '@multiformats/multiaddr';
import { isHostAddress, isPrivateAddress } from '../stun/ip-address.ts';

/** Whether a private address is of a network that this host is in, or that its operator named. */
export type Near = (host: string) => boolean;

export interface DialRules {
  /** Where we listen ourselves. */
  readonly own: readonly Multiaddr[];
  readonly near: Near;
}

/** `/ip4|ip6/HOST/tcp/PORT` where `mayReach` says so. */
export function isDialable(address: Multiaddr, rules: DialRules): boolean {
  const host = plainHost(address);
  return host !== undefined && mayReach(host, rules);
}

/** Another host, public or near; this one only where we are nowhere else ourselves, as in a demonstration. */
export function mayReach(host: string, { own, near }: DialRules): boolean {
  if (isLoopback(host)) return own.every((one) => isLoopback(plainHost(one) ?? ''));
  return isHostAddress(host) && (!isPrivateAddress(host) || near(host));
}

function plainHost(address: Multiaddr): string | undefined {
  const [ip, tcp, ...rest] = address.getComponents();
  const isPlain = (ip?.name === 'ip4' || ip?.name === 'ip6') && tcp?.name === 'tcp' && rest.length === 0;
  return isPlain ? ip.value : undefined;
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}
