// Address ranges such as `192.168.1.0/24`, as the bytes that name constraints hold: address, then mask (RFC 5280 section 4.2.1.10).
import { BlockList, isIP } from 'node:net';
import { InputError } from '../realm/errors.ts';

const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** The network bytes of an IPv4 or IPv6 address. @throws InputError `bad-address` */
export function addressBytes(address: string): Uint8Array {
  const version = isIP(address);
  if (version === 4) return Uint8Array.from(address.split('.').map(Number));
  if (version !== 6 || address.includes('%'))
    throw new InputError('bad-address', `"${address.slice(0, 80)}" is not an IP address`);
  return ipv6Bytes(address);
}

function ipv6Bytes(address: string): Uint8Array {
  // The URL parser gives the compressed lower-case form, a trailing dotted part included.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined): number[] =>
    text ? text.split(':').map((group) => Number.parseInt(group, 16)) : [];
  const [first, last] = [groups(head), groups(tail)];
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** @throws InputError `bad-range` */
export function rangeBytes(range: string): Uint8Array {
  const { address, prefix } = parseRange(range);
  const bytes = addressBytes(address);
  const mask = bytes.map((_, index) => 0xff & ~(0xff >> Math.min(8, Math.max(0, prefix - index * 8))));
  return Uint8Array.from([...bytes.map((byte, index) => byte & (mask[index] ?? 0)), ...mask]);
}

function parseRange(range: string): { address: string; prefix: number } {
  const [address = '', length = '', ...rest] = range.split('/');
  const bits = isIP(address) === 6 ? IPV6_BITS : IPV4_BITS;
  const prefix = Number(length);
  if (!isIP(address) || rest.length > 0 || !/^\d{1,3}$/.test(length) || prefix > bits) {
    throw new InputError('bad-range', `"${range.slice(0, 80)}" is not a range of addresses`, {
      hint: 'Write an address and a prefix length: 192.168.1.0/24.',
    });
  }
  return { address, prefix };
}

export function rangesCover(ranges: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const { address: base, prefix } = parseRange(range);
    list.addSubnet(base, prefix, isIP(base) === 6 ? 'ipv6' : 'ipv4');
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
