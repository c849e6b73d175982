// What can be wrong with a leaf.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
} from '@peculiar/x509';
import { fromString } from 'uint8arrays/from-string';
import { TAG, writeDer } from '../../src/pki/der.ts';
import { EKU_CLIENT_AUTH, OID } from '../../src/pki/extensions.ts';
import { constraintsExtension, dnsName, ipName, uriName } from '../../src/pki/issue.ts';
import { type Change, forge, replace, TIME, who } from './forge.ts';
import { type Bench, chainWith, changed, type Vector } from './vector.ts';

const DAY = 24 * 60 * 60 * 1000;
const OWN = 'canopy://kyiv.acme.ua/node';
const SPELLING = 'a name has one spelling here, because the URL parser and openssl read the others differently';
const ONE_NAME = 'a leaf has exactly one name';
const NEAR = 'an issuer certifies its own name or names one label longer';
const STATED = 'openssl does not know tiers';

function names(...general: readonly Uint8Array[]): Change {
  const value = new Uint8Array(writeDer(TAG.sequence, ...general));
  return { extensions: replace(OID.subjectAltName, new Extension(OID.subjectAltName, false, value)) };
}

/** Spellings of a name, and whether openssl refuses them too. */
const SPELLINGS: readonly (readonly [name: string, uri: string, openssl: 'ok' | 'refused'])[] = [
  ['userinfo', 'canopy://x@kyiv.acme.ua/node', 'refused'],
  ['userinfo that hides the host', 'canopy://kyiv.acme.ua:x@evil.example/node', 'ok'],
  ['port', 'canopy://kyiv.acme.ua:4443/node', 'ok'],
  ['capitals', 'canopy://Kyiv.acme.ua/node', 'ok'],
  ['capitals in the scheme', 'Canopy://kyiv.acme.ua/node', 'ok'],
  ['another scheme', 'https://kyiv.acme.ua/node', 'ok'],
  ['a slash at the end', 'canopy://kyiv.acme.ua/node/', 'ok'],
  ['a role that is none', 'canopy://kyiv.acme.ua/admin', 'ok'],
  ['a query', 'canopy://kyiv.acme.ua/node?x', 'ok'],
  ['a fragment', 'canopy://kyiv.acme.ua/node#x', 'ok'],
  ['dots in the path', 'canopy://kyiv.acme.ua/x/../node', 'ok'],
  ['a percent sign', 'canopy://kyiv.acme.ua/%6eode', 'ok'],
  ['a dot after the name', 'canopy://kyiv.acme.ua./node', 'refused'],
  ['a zero byte', 'canopy://kyiv.acme.ua\0.evil.example/node', 'refused'],
  ['no host', 'canopy:///node', 'refused'],
];

async function spellings(bench: Bench): Promise<Vector[]> {
  const cases = SPELLINGS.map(([name, uri, openssl]) =>
    changed(
      bench,
      `leaf name with ${name}`,
      'cert-name',
      'node',
      names(uriName(uri)),
      openssl === 'ok' ? SPELLING : undefined,
    ),
  );
  return Promise.all(cases);
}

async function otherNames(bench: Bench): Promise<Vector[]> {
  const leaf = (name: string, general: readonly Uint8Array[], stricter?: string) =>
    changed(bench, name, 'cert-name', 'node', names(...general), stricter);
  const outside = who('node', 'lviv.acme.ua', 'branch');
  const deep = who('relay', 'a.b.acme.ua', 'branch');
  const { rightful } = bench;
  const below = { issuer: 'enterprise', subject: deep } as const;
  return [
    await changed(bench, 'leaf of another branch', 'cert-name', 'node', { subject: outside }),
    await leaf('leaf with two names', [uriName(OWN), uriName(OWN)], ONE_NAME),
    await leaf('leaf with a web site as its second name', [uriName(OWN), dnsName('www.example.com')]),
    await leaf('leaf with a web site as its only name', [dnsName('www.example.com')]),
    await leaf('leaf with an IPv4 address', [uriName(OWN), ipName(Uint8Array.of(192, 0, 2, 1))]),
    await leaf('leaf with an IPv6 address', [uriName(OWN), ipName(new Uint8Array(16).fill(1))]),
    await leaf(
      'leaf with an electronic mail address',
      [uriName(OWN), writeDer(0x81, fromString('a@b.example'))],
      ONE_NAME,
    ),
    await changed(
      bench,
      'leaf without a name',
      'cert-name',
      'node',
      { extensions: replace(OID.subjectAltName) },
      ONE_NAME,
    ),
    {
      name: 'leaf two labels below its issuer',
      expect: 'cert-name',
      stricter: NEAR,
      subject: 'leaf',
      chain: [await forge(bench.world, 'node', below), rightful.enterprise, rightful.region, rightful.root],
    },
    await changed(
      bench,
      'leaf whose subject is another realm',
      'cert-name',
      'node',
      { subjectName: [{ O: ['Canopy'] }, { OU: ['branch'] }, { CN: ['node lviv.acme.ua'] }] },
      ONE_NAME,
    ),
    await changed(
      bench,
      'leaf whose subject is in another order',
      'cert-name',
      'node',
      { subjectName: [{ CN: ['node kyiv.acme.ua'] }, { OU: ['branch'] }, { O: ['Canopy'] }] },
      ONE_NAME,
    ),
    await changed(bench, 'leaf whose subject looks like a host', 'cert-name', 'node', {
      subjectName: [{ O: ['Canopy'] }, { OU: ['branch'] }, { CN: ['www.example.com'] }],
    }),
  ];
}

async function tiers(bench: Bench): Promise<Vector[]> {
  const { world, rightful } = bench;
  const { enterprise, region, root } = rightful;
  const byParent = await forge(world, 'node', { issuer: 'enterprise' });
  const byRoot = await forge(world, 'node', { issuer: 'root', subject: who('node', 'ua', 'region') });
  const unit = (text: string): Change => ({
    subjectName: [{ O: ['Canopy'] }, { OU: [text] }, { CN: ['node kyiv.acme.ua'] }],
  });
  return [
    await changed(bench, 'leaf of a higher tier than its issuer', 'cert-tier', 'node', unit('enterprise'), STATED),
    await changed(bench, 'leaf of a tier that is none', 'cert-tier', 'node', unit('galaxy'), STATED),
    {
      name: "node's leaf issued by the parent",
      expect: 'cert-tier',
      stricter: 'only a relay may be certified by its parent',
      subject: 'leaf',
      chain: [byParent, enterprise, region, root],
    },
    {
      name: 'leaf issued by the root',
      expect: 'cert-tier',
      stricter: 'the offline root certifies the authority of its region only',
      subject: 'leaf',
      chain: [byRoot, root],
    },
  ];
}

async function uses(bench: Bench): Promise<Vector[]> {
  const leaf = (name: string, expect: string, extensions: NonNullable<Change['extensions']>, stricter?: string) =>
    changed(bench, name, expect, 'node', { extensions }, stricter);
  const ONE_USE = 'a leaf signs handshakes as a client and nothing else';
  const eku = (...purposes: string[]) => replace(OID.extendedKeyUsage, new ExtendedKeyUsageExtension(purposes));
  const critical = (oid: string, value: string) =>
    replace('', new Extension(oid, true, new Uint8Array(fromString(value, 'hex'))));
  return [
    await leaf(
      'leaf with the CA bit',
      'cert-not-leaf',
      replace(OID.basicConstraints, new BasicConstraintsExtension(true, 0, true)),
    ),
    await leaf(
      'leaf with name constraints',
      'cert-not-leaf',
      replace('', constraintsExtension([uriName('ua')], [])),
      'constraints are for authorities',
    ),
    await leaf(
      'leaf that may sign certificates',
      'cert-key-usage',
      replace(OID.keyUsage, new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign, true)),
    ),
    await leaf('leaf without a key usage', 'cert-key-usage', replace(OID.keyUsage), ONE_USE),
    await leaf('leaf for servers', 'cert-key-usage', eku('1.3.6.1.5.5.7.3.1')),
    await leaf('leaf for clients and servers', 'cert-key-usage', eku(EKU_CLIENT_AUTH, '1.3.6.1.5.5.7.3.1'), ONE_USE),
    await leaf('leaf for any purpose', 'cert-key-usage', replace(OID.extendedKeyUsage), ONE_USE),
    await leaf('leaf with an unknown critical extension', 'cert-critical-extension', critical('1.2.3.4', '0500')),
    await leaf(
      'leaf with a critical extension that openssl knows',
      'cert-critical-extension',
      critical('2.5.29.36', '3003800100'),
      'what validation here does not judge may not be critical',
    ),
    await leaf(
      'leaf with a critical extension of a very long identifier',
      'cert-critical-extension',
      critical('1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20', '0500'),
    ),
    await changed(
      bench,
      'leaf with a P-256 key',
      'cert-algorithm',
      'node',
      { publicKey: bench.world.keys.stranger.spki },
      'nodes and relays have Ed25519 keys',
    ),
  ];
}

async function datesAndSignatures(bench: Bench): Promise<Vector[]> {
  const { stranger } = bench.world.keys;
  return [
    await changed(bench, 'leaf that has expired', 'cert-expired', 'node', { notAfter: TIME - DAY }),
    await changed(bench, 'leaf that is not yet valid', 'cert-not-yet-valid', 'node', { notBefore: TIME + DAY }),
    await changed(bench, 'leaf whose end is before its beginning', 'cert-expired', 'node', {
      notBefore: TIME - DAY,
      notAfter: TIME - 2 * DAY,
    }),
    await changed(bench, "leaf signed by a stranger in the branch's name", 'cert-bad-signature', 'node', {
      signedBy: stranger,
    }),
    await changed(bench, "leaf that names a stranger's key as its issuer's", 'cert-not-issued', 'node', {
      signedBy: stranger,
      namedKey: stranger.spki,
    }),
    await changed(bench, 'leaf that names another issuer', 'cert-not-issued', 'node', {
      issuerName: [{ CN: ['authority kyiv.acme.ua'] }],
    }),
  ];
}

export async function leafCases(bench: Bench): Promise<Vector[]> {
  const good: Vector = { name: 'node of a branch', expect: 'ok', subject: 'leaf', chain: chainWith(bench) };
  const parts = [spellings(bench), otherNames(bench), tiers(bench), uses(bench), datesAndSignatures(bench)];
  return [good, ...(await Promise.all(parts)).flat()];
}
