// Who of this realm's users is online: a user is while at least one device is. Lives in memory; after a start nobody has been
// seen yet.
import type { UserState } from '../../src/protocols/presence/frames.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';

export class LocalPresence {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #hides: (user: UserId) => boolean;
  readonly #devices = new Map<UserId, Set<DeviceId>>();
  readonly #lastSeen = new Map<UserId, number>();
  readonly #listeners = new Set<(user: UserId) => void>();

  /** @param hides whether a user does not want to be seen: whoever looks is told `offline`, and nothing when that changes */
  constructor(clock: Pick<Clock, 'now'>, hides: (user: UserId) => boolean = () => false) {
    this.#clock = clock;
    this.#hides = hides;
  }

  /** Users who are online now. */
  get online(): number {
    return this.#devices.size;
  }

  stateOf(user: UserId): UserState {
    if (this.#hides(user)) return { user, online: false, lastSeenAt: 0 };
    const online = this.#devices.has(user);
    return { user, online, lastSeenAt: online ? 0 : (this.#lastSeen.get(user) ?? 0) };
  }

  add(user: UserId, device: DeviceId): void {
    const devices = this.#devices.get(user);
    if (devices) {
      devices.add(device);
      return;
    }
    this.#devices.set(user, new Set([device]));
    this.#changed(user);
  }

  remove(user: UserId, device: DeviceId): void {
    const devices = this.#devices.get(user);
    if (!devices?.delete(device) || devices.size > 0) return;
    this.#devices.delete(user);
    this.#lastSeen.set(user, this.#clock.now());
    this.#changed(user);
  }

  /** Calls back when a user came or went. Returns the unsubscriber. */
  onChange(listener: (user: UserId) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The user hides from now on, or no longer. */
  retell(user: UserId): void {
    for (const listener of this.#listeners) listener(user);
  }

  #changed(user: UserId): void {
    if (this.#hides(user)) return;
    for (const listener of this.#listeners) listener(user);
  }
}
