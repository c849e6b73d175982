// What doctor looks at in the certificate files; the server need not run.
import { parseCertificate } from '../../src/pki/certificate.ts';
import { type Trust, validateAuthority, validateLeaf } from '../../src/pki/chain.ts';
import { readPem } from '../../src/pki/pem.ts';
import { messageOf } from '../../src/realm/errors.ts';
import { type DataDirectory, exists, readOptional } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import type { RealmFile } from '../../src/settings/realm-file.ts';
import { type Finding, note, ok, problem } from './finding.ts';

const DAY = 86_400_000;
/** Leaves live 30 days and renew themselves after 20: one that is older than that was not renewed. */
const LATE = { leaf: 7, authority: 30, lan: 14 } as const;

export async function checkCertificates(directory: DataDirectory, realm: RealmFile, now: number): Promise<Finding[]> {
  const trust = { rootFingerprint: realm.rootFingerprint, now };
  const findings = await Promise.all(realm.programs.map((role) => checkLeaf(directory, realm, role, trust)));
  if (!realm.programs.includes('node')) return findings;
  const authorities = [await checkAuthority(directory, realm, trust), ...(await checkOverlap(directory, realm))];
  return [...findings, ...authorities, ...(await checkLan(directory, now))];
}

async function checkLeaf(
  directory: DataDirectory,
  { realm }: RealmFile,
  role: 'node' | 'relay',
  trust: Trust,
): Promise<Finding> {
  const check = `certificate-${role}`;
  try {
    const leaf = await validateLeaf(await readChain(directory[role]), trust);
    if (leaf.realm !== realm || leaf.role !== role) throw new Error(`it is of the ${leaf.role} of ${leaf.realm}`);
    return remaining(check, `the ${role}'s certificate`, leaf.notAfter - trust.now, LATE.leaf);
  } catch (error) {
    const next = 'Its parent renews it within the grace time: start the server and see "canopy cert list".';
    return problem(check, `the ${role}'s certificate does not hold: ${messageOf(error)}`, next);
  }
}

async function checkAuthority(directory: DataDirectory, { realm }: RealmFile, trust: Trust): Promise<Finding> {
  try {
    const authority = await validateAuthority(await readChain(directory.authority), trust);
    const ends = Math.min(authority.notAfter, ...authority.authorities.map(({ notAfter }) => notAfter));
    return remaining('certificate-authority', `the authority of ${realm}`, ends - trust.now, LATE.authority);
  } catch (error) {
    const next = 'Its parent has to renew it: see "canopy cert list" there and here.';
    return problem('certificate-authority', `the authority's chain does not hold: ${messageOf(error)}`, next);
  }
}

/** While one key of the authority replaces another, what has not moved is still under the old one. */
async function checkOverlap({ authority: { old } }: DataDirectory, { realm }: RealmFile): Promise<Finding[]> {
  if (!(await exists(old.key)) || !(await exists(old.chain))) return [];
  const what = `the authority of ${realm} was replaced, and its old key is not retired`;
  return [note('certificate-authority-old', what, 'When all below has moved, run: canopy cert retire --dry-run')];
}

async function checkLan(directory: DataDirectory, now: number): Promise<Finding[]> {
  const pem = await readOptional(directory.lan.chain);
  const [leaf] = pem === undefined ? [] : readPem('CERTIFICATE', pem);
  if (!leaf) return [];
  return [remaining('certificate-lan', 'the certificate of the LAN', parseCertificate(leaf).notAfter - now, LATE.lan)];
}

function remaining(check: string, name: string, left: number, late: number): Finding {
  const days = Math.floor(left / DAY);
  if (left <= 0) return problem(check, `${name} has expired`, 'Run: canopy cert list --dir DIR');
  const what = `${name} holds for ${days} days`;
  return days < late ? note(check, what, 'It should have been renewed: canopy cert list --dir DIR') : ok(check, what);
}
