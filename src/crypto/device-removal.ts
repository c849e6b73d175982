// A person's word that a device is no longer the person's. It is signed by the identity, so that no server can say it.
//
//   removal  [version 1, user, device, sequence] | Ed25519 signature of the identity over "canopy/device-removed/1\n" | fields
//
// The sequence is that of the newest certificate that it ends.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../realm/errors.ts';
import { type DeviceId, idBytes, idText, parseDeviceId, parseUserId, type UserId } from '../realm/ids.ts';
import { SIGNATURE_BYTES, type SigningKey, signLabelled, verifyLabelled } from './identity.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

const VERSION = 1;
const UUID = 16;
const LABEL = 'canopy/device-removed/1\n';
const MAX_REMOVAL = 256;

export interface DeviceRemoval {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly sequence: number;
}

export function signDeviceRemoval(identity: SigningKey, removal: DeviceRemoval): Uint8Array {
  const fields = encodeRemoval(removal);
  const signature = signLabelled(identity, LABEL, fields);
  const bytes = new Uint8Array(fields.length + SIGNATURE_BYTES);
  bytes.set(fields);
  bytes.set(signature, fields.length);
  return bytes;
}

/** @throws PeerError `device-removal-forged`, `frame-malformed`, `frame-too-long` */
export function verifyDeviceRemoval(bytes: Uint8Array, identityKey: Uint8Array): DeviceRemoval {
  const at = Math.max(0, bytes.length - SIGNATURE_BYTES);
  const body = bytes.subarray(0, at);
  const fields = new Fields(decodeStrict(body, MAX_REMOVAL), 'device removal', 4);
  if (fields.uint() !== VERSION) fields.fail(`version ${VERSION}`);
  const removal = {
    user: parseUserId(idText(fields.bytes(UUID, UUID))),
    device: parseDeviceId(idText(fields.bytes(UUID, UUID))),
    sequence: fields.uint(),
  };
  if (!equals(encodeRemoval(removal), body) || !verifyLabelled(identityKey, LABEL, body, bytes.subarray(at))) {
    throw new PeerError('device-removal-forged', `the identity did not remove the device ${removal.device}`);
  }
  return removal;
}

function encodeRemoval({ user, device, sequence }: DeviceRemoval): Uint8Array {
  return encodeItem([VERSION, idBytes(user), idBytes(device), sequence]);
}
