// The addresses of plain TCP at which a host listens.
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { HostInternals } from '../links/host-internals.ts';

export interface PlainAddress {
  readonly host: string;
  readonly port: string;
  /** As a multiaddr without a peer id. */
  readonly text: string;
}

export function plainAddressesOf({
  addressManager,
  transportManager,
}: Pick<HostInternals, 'addressManager' | 'transportManager'>): PlainAddress[] {
  // The address manager keeps back a public address that we listen on until a stranger has confirmed it.
  return [...addressManager.getAddresses(), ...transportManager.getAddrs()].flatMap(plainTcp);
}

function plainTcp(address: Multiaddr): PlainAddress[] {
  const [ip, tcp, ...rest] = address.getComponents();
  const host = ip?.name === 'ip4' || ip?.name === 'ip6' ? ip.value : undefined;
  const plain = tcp?.name === 'tcp' && rest.every(({ name }) => name === 'p2p');
  if (host === undefined || !plain || tcp.value === undefined) return [];
  return [{ host, port: tcp.value, text: multiaddr(`/${ip?.name}/${host}/tcp/${tcp.value}`).toString() }];
}
