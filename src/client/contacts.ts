// People, as the user deals with them: blocked by the own home node, so that nothing more comes from them; removed from the list; and
// compared, by a number that both read out to each other.
import { equals } from 'uint8arrays/equals';
import { safetyNumber } from '../crypto/safety-number.ts';
import { blocksAnswer, emptyAnswer } from '../protocols/lan/routes.ts';
import type { User } from '../protocols/lan/wire.ts';
import { RefusedError } from '../realm/errors.ts';
import { type ConversationId, directConversationId, type UserId } from '../realm/ids.ts';
import type { Account } from './account/account.ts';
import { failure } from './failure.ts';
import type { Http } from './http.ts';
import type { Vault } from './vault/vault.ts';

/** Kind of entries of the vault: whose safety number was compared; key: user, value: the identity that it was of. */
const VERIFIED = 'verified';

export interface BlockedPerson {
  readonly user: User;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A person's identity as it counts here, and how sure the user is of it. */
export interface PersonIdentity {
  readonly user: UserId;
  /** Twelve groups of five digits, of the identity that counts; undefined for somebody who has not logged in yet. */
  readonly safetyNumber: readonly string[] | undefined;
  /** The user has compared that number with the person, on whichever device. Over as soon as the identity is another one. */
  readonly verified: boolean;
  /** The person's home vouches for another identity by now: its key and number. Nothing is sealed for it until it is accepted. */
  readonly changedTo: { readonly identity: Uint8Array; readonly safetyNumber: readonly string[] } | undefined;
  /** Devices that count now. */
  readonly devices: number;
}

export interface ContactsComponents {
  readonly http: Pick<Http, 'get' | 'post'>;
  readonly account: Pick<Account, 'user' | 'identity' | 'keysOf' | 'acceptIdentity' | 'pinnedIdentity'> & {
    readonly vault: Pick<Vault, 'get' | 'put' | 'delete'>;
  };
  readonly personal: { clear(conversation: ConversationId, entirely: boolean): Promise<void> };
}

export class Contacts {
  readonly #parts: ContactsComponents;

  constructor(components: ContactsComponents) {
    this.#parts = components;
  }

  async blocked(signal?: AbortSignal): Promise<readonly BlockedPerson[]> {
    return (await this.#parts.http.get('/blocks', blocksAnswer, signal)).blocked;
  }

  /** Earlier messages stay. */
  async block(user: UserId): Promise<void> {
    await this.#parts.http.post(`/users/${user}/block`, {}, emptyAnswer);
  }

  async unblock(user: UserId): Promise<void> {
    await this.#parts.http.post(`/users/${user}/unblock`, {}, emptyAnswer);
  }

  /** The conversation of two leaves the list, with its history, on all devices of the own user. */
  remove(user: UserId): Promise<void> {
    return this.#parts.personal.clear(directConversationId(this.#parts.account.user, user), true);
  }

  /** Asks the server. @throws PeerError `identity-unproven` for somebody new for whom no realm vouches; UnreachableError */
  async identityOf(user: UserId, signal?: AbortSignal): Promise<PersonIdentity> {
    const { identity, changedTo, devices } = await this.#parts.account.keysOf(user, signal);
    return {
      user,
      safetyNumber: identity && this.#numberOf(user, identity),
      verified: this.isVerified(user),
      changedTo: changedTo && { identity: changedTo, safetyNumber: this.#numberOf(user, changedTo) },
      devices: devices.length,
    };
  }

  /** Twelve groups of five digits, of the identity that counts for that person here. @throws RefusedError `identity-unknown` */
  async safetyNumber(user: UserId): Promise<readonly string[]> {
    const { identity } = await this.#parts.account.keysOf(user);
    if (!identity) throw failure(RefusedError, 'identity-unknown');
    return this.#numberOf(user, identity);
  }

  /** By what this device holds. */
  isVerified(user: UserId): boolean {
    const { account } = this.#parts;
    const [compared, identity] = [account.vault.get(VERIFIED, user), account.pinnedIdentity(user)];
    return compared !== undefined && identity !== undefined && equals(compared, identity);
  }

  /**
   * The user has compared the safety number with that person, or takes it back.
   * @param shown the number that was compared: nothing is verified that was not seen
   * @throws RefusedError `identity-unknown`, `identity-other` when the number is another one by now
   */
  async setVerified(user: UserId, shown: readonly string[] | undefined): Promise<void> {
    const { account } = this.#parts;
    if (!shown) return account.vault.delete(VERIFIED, user);
    const identity = account.pinnedIdentity(user);
    if (!identity) throw failure(RefusedError, 'identity-unknown');
    if (this.#numberOf(user, identity).join() !== shown.join()) throw failure(RefusedError, 'identity-other');
    await account.vault.put(VERIFIED, user, identity);
  }

  /**
   * The user agrees that this is the person from now on, on all devices. The one who is asked has seen `changedTo` of {@link identityOf}.
   * @throws RefusedError `identity-other` when it has changed once more; PeerError `identity-unproven`
   */
  accept(user: UserId, identity: Uint8Array): Promise<void> {
    return this.#parts.account.acceptIdentity(user, identity);
  }

  #numberOf(user: UserId, identity: Uint8Array): readonly string[] {
    const { account } = this.#parts;
    return safetyNumber({ user: account.user, identity: account.identity.publicKey }, { user, identity });
  }
}
