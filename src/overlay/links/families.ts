// IPv6 before IPv4 where both sides have it: no router translates it, and a stateful firewall is punched all the same.
import type { Multiaddr } from '@multiformats/multiaddr';
import { isHostAddress, isPrivateAddress } from '../stun/ip-address.ts';

/** Whether a public IPv6 address is among them. */
export function hasSix(addresses: readonly Multiaddr[]): boolean {
  return addresses.some(isSix);
}

export function isSix(address: Multiaddr): boolean {
  const [ip] = address.getComponents();
  if (ip?.name !== 'ip6' || ip.value === undefined) return false;
  return isHostAddress(ip.value) && !isPrivateAddress(ip.value);
}

/** Public IPv6 addresses first; none of them where this host has none itself. */
export function sixFirst(addresses: readonly Multiaddr[], haveSix: boolean): Multiaddr[] {
  const six = addresses.filter(isSix);
  const others = addresses.filter((address) => !isSix(address));
  return haveSix ? [...six, ...others] : others;
}
