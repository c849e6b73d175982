// Whose keys are whose, as this client decides it: the first identity seen of a person is remembered in the vault (a pin), and what a
// server says later is held against it. A change is told, and nothing is sealed for the new one before the user has agreed.
//
//   vault: kind 'pin', key user id, value the identity's public key
import { equals } from 'uint8arrays/equals';
import {
  type DeviceCertificate,
  isOfIdentity,
  readDeviceCertificate,
  verifyDeviceCertificate,
} from '../../crypto/device-certificate.ts';
import { type KeysAnswer, keysAnswer } from '../../protocols/lan/account-routes.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import type { Http } from '../http.ts';
import type { Vault } from '../vault/vault.ts';
import { fromText } from '../vault/vault-server.ts';

const PIN = 'pin';

export interface PersonKeys {
  readonly user: UserId;
  /** As pinned; undefined for somebody who has not logged in yet. */
  readonly identity: Uint8Array | undefined;
  /** Of that identity, valid now. */
  readonly devices: readonly DeviceCertificate[];
  readonly removed: readonly DeviceId[];
  /** The server names another identity than the pinned one, which still counts here. */
  readonly changedTo: Uint8Array | undefined;
}

/** What is thought of a certificate by the pins alone. `unknown`: nothing is pinned for that user yet. */
export type DeviceVerdict = 'ok' | 'unknown' | 'identity-changed' | 'expired' | 'forged';

export interface PeopleKeysComponents {
  readonly me: UserId;
  readonly identity: Uint8Array;
  readonly http: Pick<Http, 'get'>;
  readonly vault: Pick<Vault, 'get' | 'put' | 'putAll'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly onChanged: (user: UserId) => void;
}

export class PeopleKeys {
  readonly #parts: PeopleKeysComponents;
  readonly #told = new Map<UserId, Uint8Array>();

  constructor(components: PeopleKeysComponents) {
    this.#parts = components;
  }

  /** The identity that counts for a user here. */
  pinned(user: UserId): Uint8Array | undefined {
    return user === this.#parts.me ? this.#parts.identity : this.#parts.vault.get(PIN, user);
  }

  /** Asks the server, pins who is new, and tells when somebody's identity is another than it was. @throws PeerError `user-contradicts` */
  async keysOf(user: UserId, signal?: AbortSignal): Promise<PersonKeys> {
    const answer = await this.#parts.http.get(`/users/${user}/keys`, keysAnswer, signal);
    if (answer.user !== user) throw new PeerError('user-contradicts', 'the server answered for another user');
    const shown = answer.identity === undefined ? undefined : fromText(answer.identity);
    const before = this.pinned(user);
    if (shown && !before) await this.#parts.vault.putAll([{ kind: PIN, key: user, value: shown }], 'keep');
    // Another device of the user may have been first, and been shown another one.
    const identity = this.pinned(user);
    const changedTo = shown && identity && !equals(shown, identity) ? shown : undefined;
    if (changedTo) this.#tell(user, changedTo);
    return { user, identity, devices: this.#valid(answer, identity), removed: answer.removed, changedTo };
  }

  /** By what is pinned, without asking anybody. */
  check(certificate: Uint8Array, at: number = this.#parts.clock.now()): DeviceVerdict {
    const read = this.#read(certificate);
    if (!read) return 'forged';
    const pinned = this.pinned(read.user);
    if (!pinned) return 'unknown';
    if (!isOfIdentity(read, read.user, pinned)) return 'identity-changed';
    return this.#isValid(certificate, at) ? 'ok' : 'expired';
  }

  /** The user has agreed that this is the person's identity now. */
  async accept(user: UserId, identity: Uint8Array): Promise<void> {
    this.#told.delete(user);
    await this.#parts.vault.put(PIN, user, identity);
  }

  #valid({ user, devices, removed }: KeysAnswer, identity: Uint8Array | undefined): DeviceCertificate[] {
    if (!identity) return [];
    return devices.flatMap((text) => {
      const bytes = fromText(text);
      const read = this.#read(bytes);
      const counts = read && isOfIdentity(read, user, identity) && !removed.includes(read.device);
      return counts && this.#isValid(bytes, this.#parts.clock.now()) ? [read] : [];
    });
  }

  #read(certificate: Uint8Array): DeviceCertificate | undefined {
    try {
      return readDeviceCertificate(certificate);
    } catch (error) {
      if (error instanceof CanopyError) return undefined;
      throw error;
    }
  }

  #isValid(certificate: Uint8Array, at: number): boolean {
    try {
      verifyDeviceCertificate(certificate, at);
      return true;
    } catch (error) {
      if (error instanceof CanopyError) return false;
      throw error;
    }
  }

  /** Once for each new identity. */
  #tell(user: UserId, identity: Uint8Array): void {
    const told = this.#told.get(user);
    if (told && equals(told, identity)) return;
    this.#told.set(user, identity);
    this.#parts.onChanged(user);
  }
}
