import type { DeviceId, UserId } from '../../realm/ids.ts';

/** A device, by the user that it belongs to: two users may not pass for one another by a device's id. */
export interface DeviceName {
  readonly user: UserId;
  readonly device: DeviceId;
}

export function sameDevice(a: DeviceName, b: DeviceName): boolean {
  return a.user === b.user && a.device === b.device;
}
