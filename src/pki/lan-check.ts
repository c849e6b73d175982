// Whether a certificate can serve the LAN's browsers: one of the company's own, or ours, checked at each start.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { InputError } from '../realm/errors.ts';
import { readPem } from './pem.ts';

/** Settings of every TLS server and client of the LAN. */
export const LAN_TLS = { minVersion: 'TLSv1.2' } as const;
const EKU_SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export interface LanCertificate {
  readonly notAfter: number;
  /** Hosts asked for that the certificate does not name, never empty names. */
  readonly uncovered: readonly string[];
}

export interface LanCheck {
  /** The server's certificate first, then those that browsers do not have. */
  readonly chainPem: string;
  readonly keyPem: string;
  readonly hosts: readonly string[];
  readonly now: number;
}

/**
 * @throws InputError `lan-cert-unreadable`, `lan-cert-key`, `lan-cert-chain`, `lan-cert-usage`, `lan-cert-not-yet-valid`,
 * `lan-cert-expired`, `lan-cert-host` when it covers none of the hosts
 */
export function checkLanCertificate(check: LanCheck): LanCertificate {
  const chain = readPem('CERTIFICATE', check.chainPem).map(parse);
  const [leaf] = chain;
  if (!leaf) throw new InputError('lan-cert-unreadable', 'the file holds no certificate in PEM');
  checkKey(leaf, check);
  checkLinks(chain);
  const notAfter = checkDates(leaf, check.now);
  if (leaf.ca || (leaf.keyUsage !== undefined && !leaf.keyUsage.includes(EKU_SERVER_AUTH))) {
    throw new InputError('lan-cert-usage', 'the certificate is not one for a server (extended key usage serverAuth)');
  }
  const uncovered = check.hosts.filter((host) => !covers(leaf, host));
  if (uncovered.length > 0 && uncovered.length === check.hosts.length) {
    throw new InputError(
      'lan-cert-host',
      `the certificate names none of ${uncovered.join(', ')}, but ${leaf.subjectAltName ?? 'nothing'}`,
      {
        hint: 'Have a certificate made that names the host as browsers write it.',
      },
    );
  }
  return { notAfter, uncovered };
}

function parse(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new InputError('lan-cert-unreadable', 'the certificate cannot be read', { cause });
  }
}

function checkKey(leaf: X509Certificate, { chainPem, keyPem }: LanCheck): void {
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(keyPem))) throw new Error('the key is of another certificate');
    // Refuses what TLS 1.2 would: short keys, old digests.
    createSecureContext({ cert: chainPem, key: keyPem, ...LAN_TLS });
  } catch (cause) {
    throw new InputError('lan-cert-key', 'the key cannot be used with the certificate', {
      cause,
      hint: 'Both files must be of one pair, in PEM, without a passphrase.',
    });
  }
}

function checkLinks(chain: readonly X509Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))) {
      throw new InputError(
        'lan-cert-chain',
        `certificate ${index + 2} of the file did not issue certificate ${index + 1}`,
      );
    }
  }
}

function checkDates(leaf: X509Certificate, now: number): number {
  const [from, until] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (now < from) throw new InputError('lan-cert-not-yet-valid', `the certificate is valid from ${leaf.validFrom}`);
  if (now > until) throw new InputError('lan-cert-expired', `the certificate was valid until ${leaf.validTo}`);
  return until;
}

function covers(leaf: X509Certificate, host: string): boolean {
  const match = isIP(host) ? leaf.checkIP(host) : leaf.checkHost(host, { subject: 'never' });
  return match !== undefined;
}
