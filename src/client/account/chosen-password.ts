// Which password the person chose on this very device. A vault is wrapped for such a password alone: one that an administrator registered
// looks the same at a login, and whoever knows it could open whatever it unlocks (docs/decisions/0110).
//
//   storage: <user>/password-chosen    public key that follows from the password, as its wrap in the vault bears it
//            <user>/password-unproven  the last login was by a password that does not unlock the vault
import { equals } from 'uint8arrays/equals';
import { secretPublicKey } from '../../crypto/vault/wraps.ts';
import type { UserId } from '../../realm/ids.ts';
import type { ClientStorage } from '../platform.ts';
import { fromText, toText } from '../vault/vault-server.ts';

const chosenKey = (user: UserId): string => `${user}/password-chosen`;
const unprovenKey = (user: UserId): string => `${user}/password-unproven`;

export class ChosenPasswords {
  readonly #storage: ClientStorage;

  constructor(storage: ClientStorage) {
    this.#storage = storage;
  }

  /** Before the server hears of the password, so that a client that dies in between knows it at the next login. */
  async note(user: UserId, exportKey: string): Promise<void> {
    await this.#storage.set(chosenKey(user), toText(await secretPublicKey(user, 'password', fromText(exportKey))));
  }

  async isChosen(user: UserId, exportKey: string): Promise<boolean> {
    const noted = await this.#storage.get(chosenKey(user));
    return noted !== undefined && equals(fromText(noted), await secretPublicKey(user, 'password', fromText(exportKey)));
  }

  /** The vault is unlocked by the password of the last login. */
  async unlocks(user: UserId): Promise<void> {
    await this.#storage.delete(chosenKey(user));
    await this.#storage.delete(unprovenKey(user));
  }

  /** It is not, and nobody has said that the person means it. */
  async doubt(user: UserId): Promise<void> {
    await this.#storage.set(unprovenKey(user), '1');
  }

  async isInDoubt(user: UserId): Promise<boolean> {
    return (await this.#storage.get(unprovenKey(user))) !== undefined;
  }
}
