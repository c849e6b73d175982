// A device's certificate, as this user's identity signs it on the device itself.
import { DEVICE_LIFETIME, type DeviceCertificate, issueDeviceCertificate } from '../../crypto/device-certificate.ts';
import type { SigningKey } from '../../crypto/identity.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import type { KeptDevice } from './device-keeping.ts';

const DAY = 24 * 60 * 60 * 1000;

export function certified(
  now: number,
  identity: SigningKey,
  { user, device }: { readonly user: UserId; readonly device: DeviceId },
  keys: KeptDevice['keys'],
  sequence: number,
): DeviceCertificate {
  // A clock that is ahead must not make a certificate of tomorrow, which nobody takes today.
  const notBefore = Math.max(0, now - DAY);
  return issueDeviceCertificate(identity, {
    user,
    device,
    signatureKey: keys.signature.publicKey,
    hpkeKey: keys.hpke.publicKey,
    sequence,
    notBefore,
    notAfter: notBefore + DEVICE_LIFETIME,
  });
}
