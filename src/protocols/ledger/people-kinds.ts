// What a directory chain says of people's keys, and of those who move; kinds.ts has the others.
//
//   user-identity    [user id, identity key, sequence, time, signature]   the realm's authority signs the statement below
//   device-added     [certificate]                                        as src/crypto/device-certificate.ts writes it
//   device-removed   [user id, device id, sequence, by, signature]        by: 'user' with a signature, 'administrator' without one
//   user-moved       [user id, realm]                                     vouched for by that realm from now on
//
//   statement        src/crypto/identity-statement.ts
//   removal          [version 1, user id, device id, sequence] | Ed25519 of the identity over "canopy/device-removed/1\n" | fields
//
// A higher sequence replaces an identity; the devices of the one before count no more.
import type { UserIdentity } from '../../crypto/identity-statement.ts';
import { type DeviceId, idBytes, idText, parseDeviceId, parseUserId, type UserId } from '../../realm/ids.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../store/positional.ts';

export const USER_IDENTITY = 'user-identity';
export const DEVICE_ADDED = 'device-added';
export const DEVICE_REMOVED = 'device-removed';
export const USER_MOVED = 'user-moved';

const UUID = 16;
const KEY = 32;
const MAX_SIGNATURE = 80;
const MAX_CERTIFICATE = 256;
const MAX_NAME = 253;
const SIGNATURE = 64;
export const REMOVERS = ['user', 'administrator'] as const;

export interface DeviceRemoved {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly sequence: number;
  readonly by: (typeof REMOVERS)[number];
  /** What the identity signed, empty when an administrator removed the device. */
  readonly removal: Uint8Array;
}

const readUser = (reader: FieldReader): UserId => parseUserId(idText(reader.bytes(UUID, UUID)));

export function encodeUserIdentity({ user, key, sequence, time, signature }: UserIdentity): Uint8Array {
  return encodeFields([idBytes(user), key, sequence, time, signature]);
}

/** @throws InputError `malformed`, as all of these */
export function decodeUserIdentity(payload: Uint8Array): UserIdentity {
  return decodeFields(payload, 'user identity', (reader) => ({
    user: readUser(reader),
    key: reader.bytes(KEY, KEY),
    sequence: reader.number(),
    time: reader.number(),
    signature: reader.bytes(MAX_SIGNATURE),
  }));
}

export function encodeDeviceAdded(certificate: Uint8Array): Uint8Array {
  return encodeFields([certificate]);
}

export function decodeDeviceAdded(payload: Uint8Array): Uint8Array {
  return decodeFields(payload, 'device', (reader) => reader.bytes(MAX_CERTIFICATE));
}

/** Whose certificate it is; the certificate is not judged. @throws InputError `malformed` */
export function certifiedDevice(certificate: Uint8Array): { readonly user: UserId; readonly device: DeviceId } {
  const fields = certificate.subarray(0, Math.max(0, certificate.length - SIGNATURE));
  return decodeFields(fields, 'device certificate', (reader) => {
    reader.version(1);
    const ids = { user: readUser(reader), device: parseDeviceId(idText(reader.bytes(UUID, UUID))) };
    for (let key = 0; key < 3; key++) reader.bytes(KEY, KEY);
    for (let number = 0; number < 3; number++) reader.number();
    return ids;
  });
}

export function encodeDeviceRemoved({ user, device, sequence, by, removal }: DeviceRemoved): Uint8Array {
  return encodeFields([idBytes(user), idBytes(device), sequence, by, removal]);
}

export function decodeDeviceRemoved(payload: Uint8Array): DeviceRemoved {
  return decodeFields(payload, 'removed device', (reader) => ({
    user: readUser(reader),
    device: parseDeviceId(idText(reader.bytes(UUID, UUID))),
    sequence: reader.number(),
    by: reader.oneOf(REMOVERS),
    removal: reader.bytes(MAX_CERTIFICATE),
  }));
}

export interface UserMoved {
  readonly user: UserId;
  readonly to: RealmName;
}

export function encodeUserMoved({ user, to }: UserMoved): Uint8Array {
  return encodeFields([idBytes(user), to]);
}

export function decodeUserMoved(payload: Uint8Array): UserMoved {
  return decodeFields(payload, 'moved user', (reader) => ({
    user: readUser(reader),
    to: parseRealmName(reader.text(MAX_NAME)),
  }));
}
