// Sealing to one device (HPKE, hpke.ts): mails that servers carry, and what the vault shares with a device.
import type { DeviceCertificate } from './device-certificate.ts';
import { sealToKey } from './hpke.ts';

/** The counterpart is `openWithKey`. @param label what the bytes are for, as "canopy/key-answer/1" @throws PeerError `bad-key` */
export function sealToDevice(
  certificate: DeviceCertificate,
  plaintext: Uint8Array,
  label: string,
): Promise<Uint8Array> {
  return sealToKey(certificate.hpkeKey, plaintext, label);
}
