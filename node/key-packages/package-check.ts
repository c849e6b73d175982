// Whether a key package is one of a certified device of its user: whoever gets another would add a device to a group that its members
// refuse.
import { equals } from 'uint8arrays/equals';
import { readDeviceCertificate } from '../../src/crypto/device-certificate.ts';
import { decodeKeyPackage } from '../../src/crypto/mls/key-package.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { KeyBook } from '../directory/key-book.ts';

/** Undefined when it is; else the code that says why it is not. */
export function packageObjection(
  keys: Pick<KeyBook, 'keysOf'>,
  { realm, user, device }: { readonly realm: RealmName; readonly user: UserId; readonly device: DeviceId },
  bytes: Uint8Array,
): string | undefined {
  try {
    const { credential, signaturePublicKey } = decodeKeyPackage(bytes).leafNode;
    if (credential.credentialType !== 'basic') return 'credential-unsuitable';
    const certificate = readDeviceCertificate(credential.identity);
    if (certificate.user !== user || certificate.device !== device) return 'device-other';
    if (!equals(certificate.signatureKey, signaturePublicKey)) return 'device-other';
    const { identity } = keys.keysOf(realm, user);
    if (!identity || !equals(identity.key, certificate.identityKey)) return 'identity-other';
    return isCertified(keys, { realm, user, device }) ? undefined : 'device-unknown';
  } catch (error) {
    return codeOf(error);
  }
}

export function isCertified(
  keys: Pick<KeyBook, 'keysOf'>,
  { realm, user, device }: { readonly realm: RealmName; readonly user: UserId; readonly device: DeviceId },
): boolean {
  return keys.keysOf(realm, user).devices.some((one) => one.device === device);
}
