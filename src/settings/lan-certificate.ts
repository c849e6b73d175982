// The certificate of the LAN's TLS: made when there is none, checked at each start and each hour, its leaf made anew by our own
// LAN authority when it nears its end. A company that has its own certificate puts it in place of lan/key.pem and lan/chain.pem.
import { X509Certificate } from 'node:crypto';
import { createLanKeys, type LanFiles } from '../pki/bootstrap.ts';
import { type Certificate, parseCertificate } from '../pki/certificate.ts';
import { localSigner, readAuthorityKeyPem } from '../pki/keys.ts';
import { createLanAuthority, issueLanLeaf, mayVouchFor } from '../pki/lan.ts';
import { checkLanCertificate } from '../pki/lan-check.ts';
import { readPem, writePem } from '../pki/pem.ts';
import { LIFETIME } from '../pki/profile.ts';
import type { RealmName } from '../realm/names.ts';
import { type DataDirectory, readOptional } from './data-directory.ts';
import { lanHosts } from './lan-hosts.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';
import type { Settings } from './settings.ts';

const DAY = 24 * 60 * 60 * 1000;
const RENEW_BEFORE = 30 * DAY;
/** A year and more to bring the next authority into every browser, during which both are good. */
const RENEW_AUTHORITY_BEFORE = LIFETIME.lanLeaf + RENEW_BEFORE;

export interface LanTls {
  readonly keyPem: string;
  readonly chainPem: string;
  readonly notAfter: number;
  /** Our own LAN authority issued it, so it is renewed here; a company's own is not. */
  readonly renewable: boolean;
  /** Our LAN authority has just renewed itself, with its key: browsers need the new certificate until the old one ends. */
  readonly authorityRenewed: boolean;
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
  if ((await readOptional(directory.lan.chain)) === undefined) {
    await writeLanFiles(directory, await createLanKeys({ realm, now, lan: lanHosts(lan) }));
  }
  return renewLanCertificate(directory, realm, lan, now);
}

/** The present certificate, a new one when ours is about to end or has ended. @throws InputError `lan-cert-…` */
export async function renewLanCertificate(
  directory: DataDirectory,
  realm: RealmName,
  lan: Settings['lan'],
  now: number,
): Promise<LanTls> {
  const held = await findOwnLeaf(directory);
  const authorityRenewed = held !== undefined && held.authority.notAfter - now <= RENEW_AUTHORITY_BEFORE;
  const own = authorityRenewed ? await renewAuthority(directory, realm, held, lan, now) : held;
  if (own && (authorityRenewed || isDue(own, now))) await renewLeaf(directory, realm, own, lan, now);
  const tls = await readLanTls(directory, lanHosts(lan).hosts, now);
  return { ...tls, renewable: own !== undefined, authorityRenewed };
}

/** The chain last: it tells that the others are there. */
export async function writeLanFiles({ lan }: DataDirectory, files: LanFiles): Promise<void> {
  await makePrivateFolder(lan.folder);
  await writePrivateFile(lan.authorityKey, files.authorityKeyPem);
  await writePrivateFile(lan.authority, files.authorityPem);
  await writePrivateFile(lan.key, files.keyPem);
  await writePrivateFile(lan.chain, files.chainPem);
}

type CheckedTls = Omit<LanTls, 'renewable' | 'authorityRenewed'>;

async function readLanTls(directory: DataDirectory, hosts: readonly string[], now: number): Promise<CheckedTls> {
  const keyPem = (await readOptional(directory.lan.key)) ?? '';
  const chainPem = (await readOptional(directory.lan.chain)) ?? '';
  return { keyPem, chainPem, ...checkLanCertificate({ keyPem, chainPem, hosts, now }) };
}

interface OwnLeaf {
  readonly leaf: Certificate;
  readonly authority: Certificate;
  readonly authorityKeyPem: string;
}

/** Undefined when our LAN authority did not issue the present leaf: the files of the authority stay beside a company's own. */
async function findOwnLeaf({ lan }: DataDirectory): Promise<OwnLeaf | undefined> {
  const [leaf, authority, authorityKeyPem] = await Promise.all([
    readFirst(lan.chain),
    readFirst(lan.authority),
    readOptional(lan.authorityKey),
  ]);
  if (!leaf || !authority || authorityKeyPem === undefined) return undefined;
  if (!isIssuedBy(leaf, authority)) return undefined;
  return { leaf: parseCertificate(leaf), authority: parseCertificate(authority), authorityKeyPem };
}

/** False too for what is no certificate: the check of the whole tells so by name. */
function isIssuedBy(leaf: Uint8Array, authority: Uint8Array): boolean {
  try {
    const [issued, issuer] = [new X509Certificate(leaf), new X509Certificate(authority)];
    return issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

async function readFirst(path: string): Promise<Uint8Array | undefined> {
  const [first] = readPem('CERTIFICATE', (await readOptional(path)) ?? '');
  return first;
}

/** A leaf that ends with its authority gains nothing from another. */
function isDue({ leaf, authority }: OwnLeaf, now: number): boolean {
  return leaf.notAfter - now <= RENEW_BEFORE && leaf.notAfter < authority.notAfter;
}

/** The same key and name, so that a browser that has the old certificate takes what either vouches for. */
async function renewAuthority(
  directory: DataDirectory,
  realm: RealmName,
  held: OwnLeaf,
  lan: Settings['lan'],
  now: number,
): Promise<OwnLeaf> {
  const signer = localSigner(readAuthorityKeyPem(held.authorityKeyPem));
  const der = await createLanAuthority({ realm, scope: lanHosts(lan).scope, now, signer });
  await writePrivateFile(directory.lan.authority, writePem('CERTIFICATE', [der]));
  return { ...held, authority: parseCertificate(der) };
}

/** The authority's constraints are as old as it is: one host outside them and browsers would take the leaf for no host. */
async function renewLeaf(
  directory: DataDirectory,
  realm: RealmName,
  { leaf: { spki: publicKey }, authority, authorityKeyPem }: OwnLeaf,
  lan: Settings['lan'],
  now: number,
): Promise<void> {
  const { hosts: all, scope } = lanHosts(lan);
  const hosts = all.filter((host) => mayVouchFor(authority, host));
  const signer = localSigner(readAuthorityKeyPem(authorityKeyPem));
  const leaf = await issueLanLeaf({ realm, authority: authority.der, signer, scope, hosts, publicKey, now });
  await writePrivateFile(directory.lan.chain, writePem('CERTIFICATE', [leaf, authority.der]));
}
