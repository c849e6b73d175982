// Certificates of leaves, each verified once: a device sits in every group of its user, and a signature costs more than all the
// rest of a look at a leaf.
import type { AuthenticationService, Credential, LeafNode } from 'ts-mls';
import { equals } from 'uint8arrays/equals';
import { toString } from 'uint8arrays/to-string';
import { PeerError } from '../../realm/errors.ts';
import { type DeviceCertificate, MAX_DEVICE_CERTIFICATE, readDeviceCertificate } from '../device-certificate.ts';

/** About 1 kB each; the oldest makes room. */
const MAX_KEPT = 8192;

export class CertificateReader {
  readonly #kept = new Map<string, DeviceCertificate>();
  /** The same, by the bytes that a tree holds: the library compares each added leaf with all others. */
  readonly #seen = new WeakMap<Uint8Array, DeviceCertificate>();

  /** The certificate that a leaf shows, genuine, and of the key that signs for the leaf. Dates are not looked at. */
  ofLeaf(leaf: Pick<LeafNode, 'credential' | 'signaturePublicKey'>): DeviceCertificate {
    return this.#read(leaf.credential, leaf.signaturePublicKey);
  }

  /** For the library, which asks about every leaf that is new to it. */
  get service(): AuthenticationService {
    return {
      validateCredential: async (credential, signatureKey) => {
        this.#read(credential, signatureKey);
        return true;
      },
    };
  }

  /** @throws PeerError `leaf-unsuitable`, and those of `readDeviceCertificate` */
  #read(credential: Credential, signatureKey: Uint8Array): DeviceCertificate {
    if (credential.credentialType !== 'basic' || !('identity' in credential)) {
      throw new PeerError('leaf-unsuitable', `a leaf with a credential of type ${credential.credentialType}`);
    }
    const certificate = this.#seen.get(credential.identity) ?? this.#verified(credential.identity);
    this.#seen.set(credential.identity, certificate);
    if (!equals(certificate.signatureKey, signatureKey)) {
      throw new PeerError('leaf-unsuitable', `the leaf of ${certificate.device} has another key than its certificate`);
    }
    return certificate;
  }

  #verified(bytes: Uint8Array): DeviceCertificate {
    if (bytes.length > MAX_DEVICE_CERTIFICATE) {
      throw new PeerError(
        'leaf-unsuitable',
        `a credential of ${bytes.length} bytes; at most ${MAX_DEVICE_CERTIFICATE}`,
      );
    }
    const key = toString(bytes, 'base64');
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const certificate = readDeviceCertificate(bytes);
    const oldest = this.#kept.size >= MAX_KEPT ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, certificate);
    return certificate;
  }
}
