// The own account as this device holds it once its vault is open: identity, device, vault, other people's keys, and what a person does
// with them. opening.ts makes one.
import type { DeviceCertificate } from '../../crypto/device-certificate.ts';
import { signDeviceRemoval } from '../../crypto/device-removal.ts';
import type { DeviceKeys, SigningKey } from '../../crypto/identity.ts';
import { newRecoveryKey } from '../../crypto/vault/recovery-key.ts';
import { secretTarget } from '../../crypto/vault/wraps.ts';
import { devicesAnswer, photoAnswer, profileAnswer } from '../../protocols/lan/account-routes.ts';
import { emptyAnswer, type PrivacyAnswer, privacyAnswer } from '../../protocols/lan/routes.ts';
import type { User } from '../../protocols/lan/wire.ts';
import { InputError } from '../../realm/errors.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import { photoName } from '../../realm/photo.ts';
import type { RandomBytes } from '../../realm/random.ts';
import type { Http } from '../http.ts';
import type { Vault } from '../vault/vault.ts';
import { fromText, toText } from '../vault/vault-server.ts';
import type { KeptPhotos } from './kept-photos.ts';
import type { DeviceVerdict, PeopleKeys, PersonKeys } from './people-keys.ts';

/** Kind of entries of the vault: own devices that were removed; key: device, value: the signed removal. */
export const REMOVED_DEVICE = 'removed-device';

export interface DeviceEntry {
  readonly id: DeviceId;
  readonly name: string;
  /** The one that this client runs on. */
  readonly current: boolean;
  readonly signedIn: boolean;
  /** Milliseconds since 1970. */
  readonly lastSeen?: number | undefined;
}

export interface AccountComponents {
  readonly user: UserId;
  readonly identity: SigningKey;
  readonly keys: DeviceKeys;
  readonly certificate: DeviceCertificate;
  readonly vault: Vault;
  readonly people: PeopleKeys;
  readonly http: Http;
  readonly random: RandomBytes;
  readonly photos: KeptPhotos;
}

export class Account {
  readonly #parts: AccountComponents;

  constructor(components: AccountComponents) {
    this.#parts = components;
  }

  get user(): UserId {
    return this.#parts.user;
  }

  /** Signs devices; it never leaves the client but in the vault. */
  get identity(): SigningKey {
    return this.#parts.identity;
  }

  /** The keys of this device. */
  get keys(): DeviceKeys {
    return this.#parts.keys;
  }

  get certificate(): DeviceCertificate {
    return this.#parts.certificate;
  }

  get vault(): Vault {
    return this.#parts.vault;
  }

  /** Of anybody, the own user included. */
  keysOf(user: UserId, signal?: AbortSignal): Promise<PersonKeys> {
    return this.#parts.people.keysOf(user, signal);
  }

  /** @param at milliseconds since 1970, by which its dates are judged; now, unless it is given */
  checkDevice(certificate: Uint8Array, at?: number): DeviceVerdict {
    return this.#parts.people.check(certificate, at);
  }

  /** The identity that counts for a user here. */
  pinnedIdentity(user: UserId): Uint8Array | undefined {
    return this.#parts.people.pinned(user);
  }

  /** For reports: what the user's home says of their identity. @throws PeerError `identity-unproven` */
  identityProof(user: UserId): ReturnType<PeopleKeys['proofOf']> {
    return this.#parts.people.proofOf(user);
  }

  acceptIdentity(user: UserId, identity: Uint8Array): Promise<void> {
    return this.#parts.people.accept(user, identity);
  }

  get hasRecoveryKey(): boolean {
    return this.#parts.vault.wraps.some(({ kind }) => kind === 'recovery');
  }

  /** A new recovery key; one that was printed before opens nothing from then on. Its text is given this once. */
  async makeRecoveryKey(): Promise<string> {
    const { identity, random, user, vault } = this.#parts;
    const { secret, text } = newRecoveryKey(random);
    await vault.addWrap(await secretTarget(user, 'recovery', secret, identity.publicKey, random));
    return text;
  }

  /** The name that others see; the username stays. */
  async rename(name: string): Promise<User> {
    return (await this.#parts.http.post('/profile', { name }, profileAnswer)).user;
  }

  /** Small, without anything that the picture file said of its making; none removes it. @throws InputError `bad-photo` */
  async setPhoto(photo: Uint8Array | undefined): Promise<User> {
    const body = photo ? { photo: toText(photo) } : {};
    return (await this.#parts.http.post('/profile/photo', body, profileAnswer)).user;
  }

  /** The photo of `user.photo`; undefined where it has changed meanwhile. */
  async photoOf({ id, photo: expected }: User, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (expected === undefined) return undefined;
    const { http, photos } = this.#parts;
    const kept = await photos.get(id, expected);
    if (kept) return kept;
    const { photo } = await http.get(`/users/${id}/photo`, photoAnswer, signal);
    const bytes = photo === undefined ? undefined : fromText(photo);
    if (!bytes || photoName(bytes) !== expected) return undefined;
    await photos.keep(id, bytes);
    return bytes;
  }

  /** For good: nobody can log in as this user any more. @throws RefusedError `login-again` when the login is not fresh */
  async deleteProfile(): Promise<void> {
    await this.#parts.http.post('/profile/delete', {}, emptyAnswer);
  }

  /** What others learn of the user. */
  privacy(signal?: AbortSignal): Promise<PrivacyAnswer> {
    return this.#parts.http.get('/privacy', privacyAnswer, signal);
  }

  setPrivacy({ receipts, presence }: Pick<PrivacyAnswer, 'receipts' | 'presence'>): Promise<PrivacyAnswer> {
    return this.#parts.http.post('/privacy', { receipts, presence }, privacyAnswer);
  }

  async devices(signal?: AbortSignal): Promise<readonly DeviceEntry[]> {
    const { devices } = await this.#parts.http.get('/devices', devicesAnswer, signal);
    return devices.map(({ id, name, current, signedIn, lastSeen }) => ({ id, name, current, signedIn, lastSeen }));
  }

  async renameDevice(device: DeviceId, name: string): Promise<void> {
    await this.#parts.http.post(`/devices/${device}/name`, { name }, emptyAnswer);
  }

  /**
   * Signs another device out for good: it wipes itself as soon as it hears of it, counts for nobody any more, and what the vault
   * takes in from now on is closed to it. @throws InputError `device-is-this`, `unknown-device`
   */
  async removeDevice(device: DeviceId): Promise<void> {
    const { certificate, http, identity, user, vault } = this.#parts;
    if (device === certificate.device) throw new InputError('device-is-this', 'sign out on the device itself');
    const { devices } = await this.keysOf(user);
    const theirs = devices.find((one) => one.device === device);
    const removal = theirs && signDeviceRemoval(identity, { user, device, sequence: theirs.sequence });
    // The own devices know it from the vault: a server that says nothing of it brings the device back for none of them.
    if (removal) await vault.put(REMOVED_DEVICE, device, removal);
    await http.post(`/devices/${device}/remove`, removal ? { removal: toText(removal) } : {}, emptyAnswer);
    await vault.renew((wrap) => wrap.kind !== 'device' || wrap.id !== device);
  }

  /** Takes this very device off: what a guest does when leaving. The session ends with it. */
  async leaveDevice(): Promise<void> {
    const { certificate, http, identity, user } = this.#parts;
    const { device, sequence } = certificate;
    const removal = toText(signDeviceRemoval(identity, { user, device, sequence }));
    await http.post(`/devices/${device}/remove`, { removal }, emptyAnswer);
  }

  /** The change of the vault that goes with a new password, in one request of the caller's. */
  async rewrapped<T>(exportKey: string, send: (vault: { head: string; wraps: string }) => Promise<T>): Promise<T> {
    const { identity, random, user, vault } = this.#parts;
    const target = await secretTarget(user, 'password', fromText(exportKey), identity.publicKey, random);
    return vault.rewrap(target, ({ head, wraps }) => send({ head: toText(head), wraps: toText(wraps) }));
  }
}
