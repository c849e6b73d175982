// The certificate of the LAN's TLS: made when there is none, checked at each start, its leaf made anew by our own LAN
// authority when it nears its end. A company that has its own certificate puts it in place of lan/key.pem and lan/chain.pem.
import { createLanKeys, type LanFiles } from '../pki/bootstrap.ts';
import { localSigner, readAuthorityKeyPem } from '../pki/keys.ts';
import { issueLanLeaf } from '../pki/lan.ts';
import { checkLanCertificate } from '../pki/lan-check.ts';
import { readPem, writePem } from '../pki/pem.ts';
import type { RealmName } from '../realm/names.ts';
import { type DataDirectory, readOptional } from './data-directory.ts';
import { type LanHosts, lanHosts } from './lan-hosts.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';
import type { Settings } from './settings.ts';

const RENEW_BEFORE = 30 * 24 * 60 * 60 * 1000;

export interface LanTls {
  readonly keyPem: string;
  readonly chainPem: string;
  readonly notAfter: number;
  /** Names and addresses of this host that the certificate doesn't cover. */
  readonly uncovered: readonly string[];
}

/** @throws InputError `lan-cert-…` */
export async function ensureLanCertificate(
  directory: DataDirectory,
  realm: RealmName,
  lan: Settings['lan'],
  now: number,
): Promise<LanTls> {
  const covered = lanHosts(lan);
  const { hosts } = covered;
  if ((await readOptional(directory.lan.chain)) === undefined) {
    await writeLanFiles(directory, await createLanKeys({ realm, now, lan: covered }));
  }
  const present = await readLanTls(directory, hosts, now);
  if (present.notAfter - now > RENEW_BEFORE) return present;
  return (await renewLeaf(directory, realm, present, covered, now)) ? readLanTls(directory, hosts, now) : present;
}

/** The chain last: it tells that the others are there. */
export async function writeLanFiles({ lan }: DataDirectory, files: LanFiles): Promise<void> {
  await makePrivateFolder(lan.folder);
  await writePrivateFile(lan.authorityKey, files.authorityKeyPem);
  await writePrivateFile(lan.authority, files.authorityPem);
  await writePrivateFile(lan.key, files.keyPem);
  await writePrivateFile(lan.chain, files.chainPem);
}

async function readLanTls(directory: DataDirectory, hosts: readonly string[], now: number): Promise<LanTls> {
  const keyPem = (await readOptional(directory.lan.key)) ?? '';
  const chainPem = (await readOptional(directory.lan.chain)) ?? '';
  return { keyPem, chainPem, ...checkLanCertificate({ keyPem, chainPem, hosts, now }) };
}

/** False when the certificate is the company's own. */
async function renewLeaf(
  directory: DataDirectory,
  realm: RealmName,
  present: LanTls,
  { hosts, scope }: LanHosts,
  now: number,
): Promise<boolean> {
  const [authorityKeyPem, authorityPem] = await Promise.all([
    readOptional(directory.lan.authorityKey),
    readOptional(directory.lan.authority),
  ]);
  const [authority] = authorityPem === undefined ? [] : readPem('CERTIFICATE', authorityPem);
  if (authorityKeyPem === undefined || !authority) return false;
  const signer = localSigner(readAuthorityKeyPem(authorityKeyPem));
  const publicKey = readAuthorityKeyPem(present.keyPem).spki;
  const leaf = await issueLanLeaf({ realm, authority, signer, scope, hosts, publicKey, now });
  await writePrivateFile(directory.lan.chain, writePem('CERTIFICATE', [leaf, authority]));
  return true;
}
