// TLS of the LAN, which never chains to the overlay's root: what staff import into their browsers may vouch for the hosts of
// one LAN and for nothing else. One LAN authority for each realm: P-256, path length 0, critical name constraints that permit
// the LAN's DNS zones and address ranges; a kind of name that is not permitted at all is excluded as a whole. Its leaf carries DNS names and addresses, no URI,
// and lives 397 days, the most that browsers take.
import 'reflect-metadata';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
} from '@peculiar/x509';
import { fromString } from 'uint8arrays/from-string';
import { InputError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';
import { addressBytes, rangeBytes, rangesCover } from './address-range.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { TAG, writeDer } from './der.ts';
import { ALL_ADDRESSES, nameConstraints, OID } from './extensions.ts';
import { constraintsExtension, dnsName, ipName, signCertificate } from './issue.ts';
import type { Signer } from './keys.ts';
import { BACKDATE, LIFETIME, ORGANIZATION } from './profile.ts';

const EKU_SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ZONE = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const MAX_ZONE = 253;

/** What a LAN authority may vouch for. */
export interface LanScope {
  /** DNS zones, names below them included: `kyiv.acme.lan`. */
  readonly zones: readonly string[];
  /** `192.168.1.0/24`, `fd00::/8`. */
  readonly ranges: readonly string[];
}

const authorityName = (realm: RealmName): JsonName => [{ O: [ORGANIZATION] }, { CN: [`LAN authority ${realm}`] }];

function scopeExtension({ zones, ranges }: LanScope): Extension {
  for (const zone of zones) checkName(zone);
  const excluded = [
    ...(zones.length === 0 ? [dnsName('')] : []),
    ...(ranges.length === 0 ? ALL_ADDRESSES.map(ipName) : []),
  ];
  return constraintsExtension([...zones.map(dnsName), ...ranges.map((range) => ipName(rangeBytes(range)))], excluded);
}

function checkName(name: string): void {
  if (name.length > MAX_ZONE || !ZONE.test(name))
    throw new InputError('bad-host', `"${name.slice(0, 80)}" is not a lower-case DNS name`);
}

/** The authority's certificate, DER. @throws InputError `bad-host`, `bad-range` */
export async function createLanAuthority(options: {
  realm: RealmName;
  scope: LanScope;
  now: number;
  signer: Signer;
}): Promise<Uint8Array> {
  const { realm, scope, now, signer } = options;
  const name = authorityName(realm);
  const extensions = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new ExtendedKeyUsageExtension([EKU_SERVER_AUTH]),
    scopeExtension(scope),
  ];
  const draft = { subject: name, issuer: name, publicKey: signer.publicKey, issuerKey: signer.publicKey, extensions };
  return signCertificate({ ...draft, notBefore: now - BACKDATE, notAfter: now + LIFETIME.lanAuthority }, signer.sign);
}

/** Whether the name constraints of a LAN authority permit a DNS name or an address. */
export function mayVouchFor(authority: Certificate, host: string): boolean {
  const type = isIP(host) === 0 ? 'permit dns ' : 'permit ip ';
  const permitted = (nameConstraints(authority) ?? []).flatMap((line) =>
    line.startsWith(type) ? [line.slice(type.length)] : [],
  );
  if (isIP(host) === 0) return permitted.some((zone) => host === zone || host.endsWith(`.${zone}`));
  const address = addressBytes(host);
  return permitted.some((range) => isInside(address, fromString(range, 'hex')));
}

/** `range` is an address and its mask, of the same kind as the address or of the other. */
function isInside(address: Uint8Array, range: Uint8Array): boolean {
  const mask = range.subarray(address.length);
  return mask.length === address.length && address.every((byte, i) => (byte & (mask[i] ?? 0)) === range[i]);
}

export interface LanLeafOptions {
  readonly realm: RealmName;
  readonly authority: Uint8Array;
  readonly signer: Signer;
  readonly scope: LanScope;
  /** DNS names and IP addresses that browsers use; all within the scope. */
  readonly hosts: readonly string[];
  /** SPKI, P-256: browsers do not know Ed25519. */
  readonly publicKey: Uint8Array;
  readonly now: number;
}

/** The server's certificate, DER. @throws InputError `bad-host`, `lan-host-outside` */
export async function issueLanLeaf(options: LanLeafOptions): Promise<Uint8Array> {
  const { realm, signer, hosts, publicKey, now } = options;
  if (hosts.length === 0) throw new InputError('bad-host', 'a LAN certificate names at least one host');
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([EKU_SERVER_AUTH]),
    hostsExtension(hosts.map((host) => hostName(host, options.scope))),
  ];
  const notAfter = Math.min(now - BACKDATE + LIFETIME.lanLeaf, parseCertificate(options.authority).notAfter);
  const names = { subject: [{ O: [ORGANIZATION] }, { CN: [`LAN server ${realm}`] }], issuer: authorityName(realm) };
  return signCertificate(
    { ...names, publicKey, issuerKey: signer.publicKey, notBefore: now - BACKDATE, notAfter, extensions },
    signer.sign,
  );
}

/** Written here, because the library misreads addresses such as `fd00::192.0.2.1`. */
function hostsExtension(names: readonly Uint8Array[]): Extension {
  return new Extension(OID.subjectAltName, false, new Uint8Array(writeDer(TAG.sequence, ...names)));
}

function hostName(host: string, { zones, ranges }: LanScope): Uint8Array {
  const address = isIP(host) !== 0;
  if (!address) checkName(host);
  const inside = address ? rangesCover(ranges, host) : zones.some((zone) => host === zone || host.endsWith(`.${zone}`));
  if (!inside) {
    throw new InputError('lan-host-outside', `the LAN authority may not vouch for ${host}`, {
      hint: `It was made for ${[...zones, ...ranges].join(', ')}.`,
    });
  }
  return address ? ipName(addressBytes(host)) : dnsName(host);
}
