// From which addresses a client may come: the networks that are configured, or the ones that the listening
// interface is in. Loopback always may.
import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isPrivateAddress } from '../../src/overlay/stun/ip-address.ts';
import { InputError } from '../../src/realm/errors.ts';
import { isAnyHost } from '../../src/settings/host-port.ts';

const MAPPED = '::ffff:';

/** `192.168.7.20` for `::ffff:192.168.7.20`. */
export function plainAddress(address: string): string {
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** An interface of this host, as `os.networkInterfaces` tells it. */
export interface OwnInterface {
  readonly address: string;
  /** With the length of its prefix. */
  readonly cidr: string | null;
  readonly internal: boolean;
}

/**
 * The subnets of the interfaces that a server at this address listens on. Where it listens everywhere, the private ones: a host at the
 * edge of its network has an interface outside as well, and who shares that is no colleague.
 */
export function ownNetworks(host: string, interfaces: readonly OwnInterface[]): string[] {
  return interfaces.flatMap(({ address, cidr, internal }) => {
    if (internal || cidr === null) return [];
    return (isAnyHost(host) ? isPrivateAddress(address) : address === host) ? [cidr] : [];
  });
}

/** @throws InputError `bad-network` */
export function clientNetworks(host: string, configured?: readonly string[]): (address: string) => boolean {
  const allowed = new BlockList();
  allowed.addSubnet('127.0.0.0', 8, 'ipv4');
  allowed.addAddress('::1', 'ipv6');
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  for (const network of configured ?? ownNetworks(host, interfaces)) addNetwork(allowed, network);
  return (address) => {
    const plain = plainAddress(address);
    return allowed.check(plain, familyOf(plain));
  };
}

function addNetwork(allowed: BlockList, network: string): void {
  const [address = '', bits = ''] = network.split('/');
  try {
    if (!/^\d{1,3}$/.test(bits)) throw new Error('no prefix length');
    allowed.addSubnet(address, Number(bits), familyOf(address));
  } catch (cause) {
    throw new InputError('bad-network', `"${network}" is not a network`, {
      cause,
      hint: 'Write an address and the length of its prefix, for example 192.168.7.0/24.',
    });
  }
}
