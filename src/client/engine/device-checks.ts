// What this client thinks of devices: by the identities that it has pinned and by what the directory says is removed. It asks about
// people whom it does not know yet, and again after a while; without an answer what it knew before counts.
import type { DeviceCertificate } from '../../crypto/device-certificate.ts';
import type { DeviceVerdict, GroupChecks } from '../../crypto/mls/parts.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import type { Account } from '../account/account.ts';
import type { PersonKeys } from '../account/people-keys.ts';

/** Milliseconds for which an answer about a person counts. */
const FRESH = 10 * 60_000;
/** Certificates of devices that are known no more, for messages of then. */
const KIND = 'device-certificate';

export interface DeviceChecksComponents {
  readonly account: Pick<Account, 'keysOf' | 'checkDevice' | 'vault'>;
  readonly clock: Pick<Clock, 'now'>;
}

interface Known {
  readonly keys: PersonKeys;
  readonly at: number;
}

export class DeviceChecks implements GroupChecks {
  readonly #parts: DeviceChecksComponents;
  readonly #people = new Map<UserId, Known>();

  constructor(components: DeviceChecksComponents) {
    this.#parts = components;
  }

  async device(certificate: DeviceCertificate, _at: number): Promise<DeviceVerdict> {
    const keys = await this.#keysOf(certificate.user);
    if (keys?.removed.includes(certificate.device)) return 'removed';
    switch (this.#parts.account.checkDevice(certificate.bytes)) {
      case 'ok':
        return 'good';
      case 'unknown':
        return 'unknown';
      case 'expired':
        return 'expired';
      case 'identity-changed':
      case 'forged':
        return 'identity';
    }
  }

  /** Devices that count now. @throws UnreachableError when nobody can be asked and nothing is known */
  async devicesOf(user: UserId): Promise<readonly DeviceCertificate[]> {
    const known = (await this.#keysOf(user)) ?? (await this.#parts.account.keysOf(user));
    return known.devices;
  }

  /** News of a person: what was known is asked for anew. */
  forget(user: UserId): void {
    this.#people.delete(user);
  }

  /** Seen in a group that this device is in, and so checked: remembered for every device of the user. */
  async learn(certificates: readonly DeviceCertificate[]): Promise<void> {
    const { vault } = this.#parts.account;
    const fresh = certificates.filter(({ device, bytes }) => vault.get(KIND, device)?.length !== bytes.length);
    if (fresh.length === 0) return;
    await vault.putAll(fresh.map(({ device, bytes }) => ({ kind: KIND, key: device, value: bytes })));
  }

  /** Bytes of a certificate that was good once. */
  remembered(device: DeviceId): Uint8Array | undefined {
    return this.#parts.account.vault.get(KIND, device);
  }

  async #keysOf(user: UserId): Promise<PersonKeys | undefined> {
    const { account, clock } = this.#parts;
    const known = this.#people.get(user);
    if (known && clock.now() - known.at < FRESH) return known.keys;
    try {
      const keys = await account.keysOf(user);
      this.#people.set(user, { keys, at: clock.now() });
      return keys;
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      return known?.keys;
    }
  }
}
