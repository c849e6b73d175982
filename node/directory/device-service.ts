// The devices of own users: told, named, signed out. A device that is signed out for good ends at once where it is online; one that
// is away finds the mark at its token when it comes back, and wipes what it holds.
import type { Clock } from '../../src/realm/clock.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Audit } from '../audit/audit.ts';
import type { DeviceStore, WipeMark } from './device-store.ts';
import type { IdentityService } from './identity-service.ts';
import { hashOf, type SessionStore } from './session-store.ts';

export interface DeviceView {
  readonly id: DeviceId;
  readonly name: string;
  readonly signedIn: boolean;
  /** Milliseconds since 1970; of a device that is signed out, when its last session was used. */
  readonly lastSeen?: number;
  readonly certificate?: Uint8Array;
}

export interface DeviceComponents {
  readonly store: DeviceStore;
  readonly sessions: SessionStore;
  readonly identities: IdentityService;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now'>;
}

const DAY = 24 * 60 * 60 * 1000;
/** As long as a device may be away and still be told: longer than any session lives. */
export const WIPE_LIFETIME = 400 * DAY;
const MAX_WIPES = 100_000;

export class DeviceService {
  readonly #parts: DeviceComponents;
  readonly #wiped = new Map<string, WipeMark>();

  constructor(components: DeviceComponents) {
    this.#parts = components;
  }

  async load(): Promise<void> {
    const { clock, store } = this.#parts;
    const marks = await store.wipes();
    const old = marks.filter(({ mark }) => clock.now() - mark.time > WIPE_LIFETIME);
    for (const { hash, mark } of marks) this.#wiped.set(hex(hash), mark);
    for (const { hash } of old) this.#wiped.delete(hex(hash));
    await store.commit(old.map(({ hash }) => store.dropWipe(hash)));
  }

  /** Whether whoever shows this token is to wipe the device. */
  isWiped(token: string): boolean {
    return this.#wiped.has(hex(hashOf(token)));
  }

  async list(user: UserId): Promise<DeviceView[]> {
    const { identities, sessions, store } = this.#parts;
    const [names, seen] = [await store.names(user), await store.seen(user)];
    const live = sessions.list(user);
    const certificates = new Map(identities.keysOf(user).devices.map((one) => [one.device, one.bytes]));
    const ids = new Set([...certificates.keys(), ...live.map(({ device }) => device.id)]);
    return [...ids].map((id) => {
      const session = live.find(({ device }) => device.id === id);
      const certificate = certificates.get(id);
      const before = seen.get(id);
      const lastSeen = session?.lastSeen ?? before?.lastSeen;
      return {
        id,
        name: names.get(id) ?? session?.device.name ?? before?.name ?? '',
        signedIn: session !== undefined,
        ...(lastSeen !== undefined && { lastSeen }),
        ...(certificate && { certificate }),
      };
    });
  }

  /** @throws InputError `unknown-device` */
  async rename(user: UserId, device: DeviceId, name: string): Promise<void> {
    await this.#assertOf(user, device);
    const { store } = this.#parts;
    await store.commit([store.putName(user, device, name)]);
  }

  /**
   * Ends the sessions of a device, has it wipe itself, and takes it off the directory. A session alone takes off no device that
   * is certified: whoever stole one would erase the user's devices.
   * @param removal signed by the identity; `administrator` needs none
   * @throws InputError `unknown-device`; RefusedError `device-removal-unsigned`; PeerError `device-removal-forged`
   */
  async remove(
    user: UserId,
    device: DeviceId,
    removal: Uint8Array | 'administrator' | undefined,
    by: string,
  ): Promise<void> {
    await this.#assertOf(user, device);
    const { audit, clock, identities, sessions, store } = this.#parts;
    const signed = removal === 'administrator' ? undefined : removal;
    // Before anything ends: a forged word must not wipe the device.
    if (removal !== 'administrator') identities.assertMayRemove(user, device, signed);
    const mark = { user, device, time: clock.now() };
    await sessions.endDevice(user, device, 'wiped', (hash) => this.markWiped(hash, mark));
    await identities.removeDevice(user, device, signed);
    await store.commit(store.drop(user, device));
    await audit.record({ code: 'device-removed', actor: by, fields: { user, device, signed: signed !== undefined } });
  }

  /** In force at once; what is written belongs into the commit that ends the session. */
  markWiped(tokenHash: Uint8Array, mark: WipeMark): Write {
    if (this.#wiped.size < MAX_WIPES) this.#wiped.set(hex(tokenHash), mark);
    return this.#parts.store.putWipe(tokenHash, mark);
  }

  async #assertOf(user: UserId, device: DeviceId): Promise<void> {
    if ((await this.list(user)).some(({ id }) => id === device)) return;
    throw new InputError('unknown-device', `no device ${device} of this user`);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
