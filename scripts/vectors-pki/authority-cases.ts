// What can be wrong with an authority.
import 'reflect-metadata';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import { ALL_ADDRESSES, OID } from '../../src/pki/extensions.ts';
import { constraintsExtension, dnsName, ipName, nameOf, uriName } from '../../src/pki/issue.ts';
import type { Subject } from '../../src/pki/profile.ts';
import { type Change, forge, NAMES, type Place, replace, TIME, who } from './forge.ts';
import { type Bench, chainWith, changed, leafChain, type Vector } from './vector.ts';

const DAY = 24 * 60 * 60 * 1000;
const EXACT = 'the constraints of an authority are exactly those of its tier';
const NEAR = 'an issuer certifies its own name or names one label longer';
const TIERS = 'openssl does not know tiers';

async function dates(bench: Bench): Promise<Vector[]> {
  const places: readonly Place[] = ['branch', 'enterprise', 'region', 'root'];
  const expired = places.map((place) =>
    changed(bench, `${place} that has expired`, 'cert-expired', place, { notAfter: TIME - DAY }),
  );
  const early = places.map((place) =>
    changed(bench, `${place} that is not yet valid`, 'cert-not-yet-valid', place, { notBefore: TIME + DAY }),
  );
  return Promise.all([...expired, ...early]);
}

async function rights(bench: Bench): Promise<Vector[]> {
  const branch = (name: string, expect: string, extensions: NonNullable<Change['extensions']>, stricter?: string) =>
    changed(bench, name, expect, 'branch', { extensions }, stricter);
  const constraints = (ca: boolean, length: number | undefined, critical = true) =>
    replace(OID.basicConstraints, new BasicConstraintsExtension(ca, length, critical));
  const usage = (flags: KeyUsageFlags, critical = true) =>
    replace(OID.keyUsage, new KeyUsagesExtension(flags, critical));
  const LENGTH = 'the path length of an authority is at most that of its tier';
  const CRITICAL = 'constraints that a reader may ignore do not constrain';
  return [
    await branch('branch without the CA bit', 'cert-not-authority', constraints(false, undefined)),
    await branch('branch without basic constraints', 'cert-not-authority', replace(OID.basicConstraints)),
    await branch('branch that may not sign certificates', 'cert-not-authority', usage(KeyUsageFlags.cRLSign)),
    await branch('branch without a key usage', 'cert-not-authority', replace(OID.keyUsage)),
    await branch('branch without a path length', 'cert-path-length', constraints(true, undefined), LENGTH),
    await branch('branch with too large a path length', 'cert-path-length', constraints(true, 4), LENGTH),
    await branch('branch with a path length of 200', 'cert-malformed', constraints(true, 200), LENGTH),
    await changed(bench, 'region with too small a path length', 'cert-path-length', 'region', {
      extensions: constraints(true, 0),
    }),
    await changed(bench, 'root with too small a path length', 'cert-path-length', 'root', {
      extensions: constraints(true, 1),
    }),
    await branch('branch whose basic constraints are not critical', 'cert-not-critical', constraints(true, 0, false)),
    await branch(
      'branch whose key usage is not critical',
      'cert-not-critical',
      usage(KeyUsageFlags.keyCertSign, false),
      CRITICAL,
    ),
    await changed(bench, 'branch with a P-384 key', 'cert-algorithm', 'branch', { publicKey: bench.world.p384 }),
  ];
}

async function constraints(bench: Bench): Promise<Vector[]> {
  const none = [dnsName(''), ...ALL_ADDRESSES.map(ipName)];
  const change = (permitted: readonly string[], excluded: readonly Uint8Array[]): Change => ({
    extensions: replace(OID.nameConstraints, constraintsExtension(permitted.map(uriName), excluded)),
  });
  const enterprise = (name: string, permitted: readonly string[], excluded: readonly Uint8Array[], stricter?: string) =>
    changed(bench, name, 'cert-name', 'enterprise', change(permitted, excluded), stricter);
  return [
    await changed(
      bench,
      'enterprise without name constraints',
      'cert-not-critical',
      'enterprise',
      { extensions: replace(OID.nameConstraints) },
      EXACT,
    ),
    await enterprise("enterprise that permits its region's names", ['ua', '.ua'], none, EXACT),
    await enterprise('enterprise that permits another enterprise', ['bolt.ua', '.bolt.ua'], none),
    await enterprise('enterprise that permits only itself', ['acme.ua'], none),
    await enterprise('enterprise that permits more beside', ['acme.ua', '.acme.ua', 'bolt.ua'], none, EXACT),
    await enterprise(
      'enterprise that may vouch for web sites',
      ['acme.ua', '.acme.ua'],
      ALL_ADDRESSES.map(ipName),
      EXACT,
    ),
    await enterprise('enterprise that may vouch for addresses', ['acme.ua', '.acme.ua'], [dnsName('')], EXACT),
    await enterprise('enterprise that excludes a branch', ['acme.ua', '.acme.ua'], [...none, uriName('kyiv.acme.ua')]),
    await enterprise('enterprise without permitted names', [], none, EXACT),
    await changed(
      bench,
      'branch that permits names below itself',
      'cert-name',
      'branch',
      change(['kyiv.acme.ua', '.kyiv.acme.ua'], none),
      EXACT,
    ),
  ];
}

async function places(bench: Bench): Promise<Vector[]> {
  const { world, rightful } = bench;
  const { region, enterprise, root } = rightful;
  const authority = async (subject: Subject, issuer: 'region' | 'enterprise' | 'branch', change: Change = {}) =>
    forge(world, 'branch', { subject, issuer, ...change });
  const leafOf = (subject: Subject) =>
    forge(world, 'node', {
      subject: { ...subject, kind: 'node' },
      issuerName: nameOf(subject),
      namedKey: world.keys.branch.spki,
    });
  const shallow = replace(OID.basicConstraints, new BasicConstraintsExtension(true, 0, true));
  const under = async (
    name: string,
    expect: string,
    subject: Subject,
    issuer: 'region' | 'enterprise',
    stricter?: string,
    change: Change = {},
  ) => {
    const above = issuer === 'region' ? [region, root] : [enterprise, region, root];
    return leafChain(
      name,
      expect,
      [await leafOf(subject), await authority(subject, issuer, change), ...above],
      stricter,
    );
  };
  return [
    await under('authority outside its parent’s space', 'cert-name', who('authority', 'acme.pl', 'branch'), 'region'),
    await under(
      'authority two labels below its parent',
      'cert-name',
      who('authority', 'kyiv.acme.ua', 'branch'),
      'region',
      NEAR,
    ),
    await under(
      'authority with the name of its parent',
      'cert-tier',
      who('authority', 'acme.ua', 'branch'),
      'enterprise',
      TIERS,
    ),
    await under(
      'enterprise below an enterprise',
      'cert-tier',
      who('authority', 'kyiv.acme.ua', 'enterprise'),
      'enterprise',
      TIERS,
      { extensions: shallow },
    ),
    await under('region below a region', 'cert-tier', who('authority', 'west.ua', 'region'), 'region', TIERS, {
      extensions: replace(OID.basicConstraints, new BasicConstraintsExtension(true, 1, true)),
    }),
    await under('second root below a region', 'cert-tier', who('root', 'west.ua', 'region'), 'region', TIERS),
  ];
}

/** A branch, or a leaf, that certifies others. */
async function overreach(bench: Bench): Promise<Vector[]> {
  const { world, rightful } = bench;
  const { branch: branchKey, stranger } = world.keys;
  const branch = who('authority', 'kyiv.ua', 'branch');
  const direct = await forge(world, 'branch', { subject: branch, issuer: 'region' });
  const sub = who('authority', 'old.kyiv.ua', 'branch');
  const signedBy = { issuerName: nameOf(branch), namedKey: branchKey.spki, signedBy: branchKey };
  const subCertificate = await forge(world, 'branch', { subject: sub, publicKey: stranger.spki, ...signedBy });
  const leaf = await forge(world, 'node', {
    subject: { ...sub, kind: 'node' },
    issuerName: nameOf(sub),
    namedKey: stranger.spki,
    signedBy: stranger,
  });
  // A leaf that issues: an Ed25519 key cannot sign here, so the leaf has a P-256 one.
  const issuing = await forge(world, 'node', { publicKey: stranger.spki });
  const issued = await forge(world, 'node', {
    issuerName: nameOf(NAMES.node),
    namedKey: stranger.spki,
    signedBy: stranger,
  });
  const { enterprise, region, root } = rightful;
  return [
    leafChain('branch that certifies an authority', 'cert-path-length', [leaf, subCertificate, direct, region, root]),
    leafChain('leaf that certifies a leaf', 'cert-path-length', [
      issued,
      issuing,
      rightful.branch,
      enterprise,
      region,
      root,
    ]),
    leafChain('relay’s leaf that certifies a leaf', 'cert-not-authority', [issued, issuing, enterprise, region, root]),
    leafChain('chain of six', 'cert-path-length', [leaf, ...chainWith(bench)]),
  ];
}

export async function authorityCases(bench: Bench): Promise<Vector[]> {
  const parts = [dates(bench), rights(bench), constraints(bench), places(bench), overreach(bench)];
  return (await Promise.all(parts)).flat();
}
