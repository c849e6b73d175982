// Counts the users who are online, on their way to presence.
import type { DeviceId, UserId } from '../src/realm/ids.ts';
import type { LanPresence } from './lan/components.ts';

export class OnlineUsers implements LanPresence {
  readonly #presence: LanPresence;
  readonly #devices = new Map<UserId, Set<DeviceId>>();

  constructor(presence: LanPresence) {
    this.#presence = presence;
  }

  get count(): number {
    return this.#devices.size;
  }

  setOnline(user: UserId, device: DeviceId): void {
    const devices = this.#devices.get(user) ?? new Set();
    this.#devices.set(user, devices.add(device));
    this.#presence.setOnline(user, device);
  }

  setOffline(user: UserId, device: DeviceId): void {
    const devices = this.#devices.get(user);
    devices?.delete(device);
    if (devices?.size === 0) this.#devices.delete(user);
    this.#presence.setOffline(user, device);
  }

  watch(...given: Parameters<LanPresence['watch']>): ReturnType<LanPresence['watch']> {
    return this.#presence.watch(...given);
  }

  typing(...given: Parameters<LanPresence['typing']>): void {
    this.#presence.typing(...given);
  }
}
