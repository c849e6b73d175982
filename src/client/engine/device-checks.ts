// What this client thinks of devices: by the identities that it has pinned and by what the directory says is removed. It asks about
// people whom it does not know yet, and again after a while; without an answer what it knew before counts.
import { equals } from 'uint8arrays/equals';
import { type DeviceCertificate, isOfIdentity, readDeviceCertificate } from '../../crypto/device-certificate.ts';
import { verifyDeviceRemoval } from '../../crypto/device-removal.ts';
import type { DeviceVerdict, GroupChecks } from '../../crypto/mls/parts.ts';
import type { DeviceName } from '../../crypto/mls/same-device.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import { type Account, REMOVED_DEVICE } from '../account/account.ts';
import type { PersonKeys } from '../account/people-keys.ts';
import type { Vault } from '../vault/vault.ts';

/** Milliseconds for which an answer about a person counts. */
const FRESH = 10 * 60_000;
/** Milliseconds after which the same device of another identity is reason to ask about its person again. */
const ASK_AGAIN = 5_000;
/** Milliseconds after word of a removal in which home may not have heard of it yet. */
const REMOVAL_TRAVELS = 3_600_000;
/** Certificates of devices that are known no more, for messages of then; key: user/device, as anybody may certify any device id. */
const KIND = 'device-certificate';

export interface DeviceChecksComponents {
  readonly account: Pick<Account, 'user' | 'keysOf' | 'checkDevice' | 'pinnedIdentity'> & {
    readonly vault: Pick<Vault, 'get' | 'putAll'>;
  };
  readonly clock: Pick<Clock, 'now'>;
}

interface Known {
  readonly keys: PersonKeys;
  readonly at: number;
  /** The identity of the device for which it was asked, when that was another than the one that counts. */
  readonly because?: Uint8Array | undefined;
}

export class DeviceChecks implements GroupChecks {
  readonly #parts: DeviceChecksComponents;
  readonly #people = new Map<UserId, Known>();
  /** When this client first heard of a removal. */
  readonly #removals = new Map<string, number>();

  constructor(components: DeviceChecksComponents) {
    this.#parts = components;
  }

  async device(certificate: DeviceCertificate, at: number): Promise<DeviceVerdict> {
    const { account, clock } = this.#parts;
    if (this.#isOwnRemoved(certificate)) return 'removed';
    const keys = await this.#keysFor(certificate);
    // A server says when: nothing that is yet to come counts.
    const time = Math.min(at, clock.now());
    const verdict = account.checkDevice(certificate.bytes, time);
    if (keys?.removed.includes(certificate.device)) {
      const heard = this.#removals.get(nameOf(certificate)) ?? 0;
      return verdict === 'ok' && time < Math.min(heard + REMOVAL_TRAVELS, clock.now()) ? 'removed-since' : 'removed';
    }
    switch (verdict) {
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

  forgetAll(): void {
    this.#people.clear();
  }

  /** Seen in a group that this device is in: those of the pinned identities are remembered for every device of the user, the newest each. */
  async learn(certificates: readonly DeviceCertificate[]): Promise<void> {
    const fresh = certificates.filter((one) => this.#isNews(one));
    if (fresh.length === 0) return;
    await this.#parts.account.vault.putAll(fresh.map((one) => ({ kind: KIND, key: nameOf(one), value: one.bytes })));
  }

  /** One that was good once. */
  remembered(device: DeviceName): DeviceCertificate | undefined {
    const bytes = this.#parts.account.vault.get(KIND, nameOf(device));
    return bytes && readDeviceCertificate(bytes);
  }

  /** By this user's own word, whatever the server says. */
  #isOwnRemoved({ user, device, sequence }: DeviceCertificate): boolean {
    const { account } = this.#parts;
    const removal = user === account.user ? account.vault.get(REMOVED_DEVICE, device) : undefined;
    const identity = account.pinnedIdentity(user);
    return removal !== undefined && identity !== undefined && sequence <= sequenceOf(removal, identity);
  }

  /** In a tree that somebody shows there may be leaves of anybody's making. */
  #isNews(certificate: DeviceCertificate): boolean {
    const pinned = this.#parts.account.pinnedIdentity(certificate.user);
    if (!pinned || !isOfIdentity(certificate, certificate.user, pinned)) return false;
    const before = this.remembered(certificate);
    if (!before || !equals(before.identityKey, pinned)) return true;
    return before.sequence < certificate.sequence && !equals(before.bytes, certificate.bytes);
  }

  /** Of the identity that counts now: another one may have been accepted meanwhile, on any device of the user. */
  #known(user: UserId): Known | undefined {
    const known = this.#people.get(user);
    const pinned = this.#parts.account.pinnedIdentity(user);
    const before = known?.keys.identity;
    return before === pinned || (before && pinned && equals(before, pinned)) ? known : undefined;
  }

  /** Whoever comes with another identity has begun anew, or lies: the user is to hear of the former at once, not when the answer is stale. */
  async #keysFor({ user, identityKey }: DeviceCertificate): Promise<PersonKeys | undefined> {
    const { account, clock } = this.#parts;
    const pinned = account.pinnedIdentity(user);
    if (!pinned || equals(pinned, identityKey)) return this.#keysOf(user);
    const known = this.#known(user);
    const isTold = known?.keys.changedTo && equals(known.keys.changedTo, identityKey);
    const isAsked = known?.because && equals(known.because, identityKey) && clock.now() - known.at < ASK_AGAIN;
    return isTold || isAsked ? this.#keysOf(user) : this.#ask(user, known, identityKey);
  }

  async #keysOf(user: UserId): Promise<PersonKeys | undefined> {
    const known = this.#known(user);
    if (known && this.#parts.clock.now() - known.at < FRESH) return known.keys;
    return this.#ask(user, known);
  }

  async #ask(user: UserId, known: Known | undefined, because?: Uint8Array): Promise<PersonKeys | undefined> {
    const { account, clock } = this.#parts;
    try {
      const keys = await account.keysOf(user);
      this.#people.set(user, { keys, at: clock.now(), because });
      for (const device of keys.removed) {
        const name = nameOf({ user, device });
        if (!this.#removals.has(name)) this.#removals.set(name, clock.now());
      }
      return keys;
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      return known?.keys;
    }
  }
}

function nameOf({ user, device }: DeviceName): string {
  return `${user}/${device}`;
}

/** Of a former identity, it says nothing of devices of this one. */
function sequenceOf(removal: Uint8Array, identity: Uint8Array): number {
  try {
    return verifyDeviceRemoval(removal, identity).sequence;
  } catch (error) {
    if (error instanceof CanopyError) return -1;
    throw error;
  }
}
