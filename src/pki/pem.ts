// PEM (RFC 7468), only where bytes meet files.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { InputError } from '../realm/errors.ts';

export type PemLabel = 'CERTIFICATE' | 'PRIVATE KEY' | 'CERTIFICATE REQUEST' | 'X509 CRL';

/** A chain, its keys and some comment fit well. */
const MAX_PEM = 64 * 1024;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]*?)-----END \1-----/g;

export function writePem(label: PemLabel, ders: readonly Uint8Array[]): string {
  return ders
    .map((der) => {
      const lines = toString(der, 'base64pad').match(/.{1,64}/g) ?? [];
      return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
    })
    .join('');
}

/** All blocks with this label, in order; text between blocks is a comment. @throws InputError `bad-pem` */
export function readPem(label: PemLabel, text: string): Uint8Array[] {
  if (text.length > MAX_PEM)
    throw new InputError('bad-pem', `a PEM file has at most ${MAX_PEM} characters, not ${text.length}`);
  try {
    return [...text.matchAll(BLOCK)]
      .filter((match) => match[1] === label)
      .map((match) => fromString((match[2] ?? '').replaceAll(/\s/g, ''), 'base64pad'));
  } catch (cause) {
    throw new InputError('bad-pem', `a block ${label} holds no base64`, { cause });
  }
}
