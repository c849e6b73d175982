// People, as the user deals with them: blocked by the own home node, so that nothing more comes from them; removed from the list; and
// compared, by a number that both read out to each other.
import { safetyNumber } from '../crypto/safety-number.ts';
import { blocksAnswer, emptyAnswer } from '../protocols/lan/routes.ts';
import type { User } from '../protocols/lan/wire.ts';
import { RefusedError } from '../realm/errors.ts';
import { type ConversationId, directConversationId, type UserId } from '../realm/ids.ts';
import type { Account } from './account/account.ts';
import { failure } from './failure.ts';
import type { Http } from './http.ts';

export interface BlockedPerson {
  readonly user: User;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface ContactsComponents {
  readonly http: Pick<Http, 'get' | 'post'>;
  readonly account: Pick<Account, 'user' | 'identity' | 'keysOf'>;
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

  /** Twelve groups of five digits, of the identity that counts for that person here. @throws RefusedError `identity-unknown` */
  async safetyNumber(user: UserId): Promise<readonly string[]> {
    const { account } = this.#parts;
    const { identity } = await account.keysOf(user);
    if (!identity) throw failure(RefusedError, 'identity-unknown');
    return safetyNumber({ user: account.user, identity: account.identity.publicKey }, { user, identity });
  }
}
