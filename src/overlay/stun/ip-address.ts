// IP addresses as bytes: 4 for IPv4, 16 for IPv6. An IPv4 address mapped into IPv6 (`::ffff:1.2.3.4`, as a socket for both
// families names it) counts as IPv4.
import { isIP, isIPv4 } from 'node:net';
import { InputError } from '../../realm/errors.ts';

export type IpAddress = Uint8Array;

const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** @throws InputError `bad-ip-address` */
export function parseIp(text: string): IpAddress {
  const bare = text.split('%')[0] ?? '';
  if (isIPv4(bare)) return Uint8Array.from(bare.split('.'), Number);
  if (isIP(bare) !== 6) throw new InputError('bad-ip-address', `"${text.slice(0, 60)}" is no IP address`);
  const bytes = parseIpv6(bare);
  return MAPPED_PREFIX.every((byte, index) => bytes[index] === byte) ? bytes.slice(12) : bytes;
}

/** The canonical text (RFC 5952 but for the choice of the longest run of zeros, which the URL parser makes). */
export function formatIp(bytes: IpAddress): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The same address always as the same text. @throws InputError `bad-ip-address` */
export function canonicalIp(text: string): string {
  return formatIp(parseIp(text));
}

/** Whose address it is, for limits: one customer has a whole /64 of IPv6. @throws InputError `bad-ip-address` */
export function ownerOfIp(text: string): string {
  const bytes = parseIp(text);
  return bytes.length === 4
    ? formatIp(bytes)
    : `${formatIp(Uint8Array.from(bytes, (byte, at) => (at < 8 ? byte : 0)))}/64`;
}

/** Where clouds answer their guests with keys, beside link-local addresses. */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254']);

/**
 * True for what a host elsewhere on the Internet, or in a private network, could be: not this host, not this link, not a group, not
 * unspecified, not a cloud's metadata, and not an IPv4 address of such or of a private network inside an IPv6 one.
 */
export function isHostAddress(text: string): boolean {
  const bytes = parseIp(text);
  const [a = 0, b = 0] = bytes;
  if (METADATA.has(formatIp(bytes))) return false;
  if (bytes.length === 4) return a !== 0 && a !== 127 && a < 224 && !(a === 169 && b === 254);
  const inner = embedded(bytes);
  if (inner !== undefined) return isHostAddress(inner) && !isPrivateAddress(inner);
  return a !== 0xff && !(a === 0xfe && (b & 0xc0) === 0x80);
}

/** ::/96 (loopback and unspecified are in it), NAT64 (RFC 6052) and 6to4 (RFC 3056). */
function embedded(bytes: IpAddress): string | undefined {
  const begins = (...prefix: number[]): boolean => prefix.every((byte, at) => bytes[at] === byte);
  if (begins(...Array<number>(12).fill(0))) return formatIp(bytes.slice(12));
  if (begins(0, 0x64, 0xff, 0x9b, ...Array<number>(8).fill(0))) return formatIp(bytes.slice(12));
  return begins(0x20, 0x02) ? formatIp(bytes.slice(2, 6)) : undefined;
}

/** True for networks of a site's or a provider's own (RFC 1918, RFC 6598, RFC 4193, the old site-local). */
export function isPrivateAddress(text: string): boolean {
  const bytes = parseIp(text);
  const [a = 0, b = 0] = bytes;
  if (bytes.length !== 4) return (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0xc0);
  return a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b < 128);
}

function parseIpv6(text: string): Uint8Array {
  const normal = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = '', tail] = normal.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}
