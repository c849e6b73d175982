// The networks that this host stands in, and those that its operator names beside them (relay.private).
import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Near } from '../src/overlay/links/dialable.ts';

/** Looked at anew each time: a laptop moves. @param also subnets, `10.0.0.0/8` */
export function nearNetworks(also: readonly string[], interfaces: typeof networkInterfaces = networkInterfaces): Near {
  return (host) => {
    const all = Object.values(interfaces()).flatMap((list) => list ?? []);
    const own = all.flatMap(({ cidr, internal }) => (cidr === null || internal ? [] : [cidr]));
    const networks = new BlockList();
    for (const subnet of [...own, ...also]) {
      const [address = '', bits] = subnet.split('/');
      networks.addSubnet(address, Number(bits), familyOf(address));
    }
    return networks.check(host, familyOf(host));
  };
}

function familyOf(host: string): 'ipv4' | 'ipv6' {
  return isIPv4(host) ? 'ipv4' : 'ipv6';
}
