// One certificate, in our own strict reading and in that of OpenSSL, by way of Node: bytes that only one of the two understands are refused.
import { X509Certificate } from 'node:crypto';
import { type CertificateForm, readCertificate } from './certificate-form.ts';
import { malformed } from './der.ts';

export interface Certificate extends CertificateForm {
  readonly openssl: X509Certificate;
}

/** @throws RefusedError `cert-malformed`, `cert-algorithm` */
export function parseCertificate(der: Uint8Array): Certificate {
  return { ...readCertificate(der), openssl: parseByOpenssl(der) };
}

function parseByOpenssl(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw malformed('openssl cannot read it', cause);
  }
}
