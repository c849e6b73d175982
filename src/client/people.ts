// Users that this client has met: asked for once, remembered for as long as the client lives.
import { usersAnswer } from '../protocols/lan/routes.ts';
import type { User } from '../protocols/lan/wire.ts';
import { InputError } from '../realm/errors.ts';
import type { UserId } from '../realm/ids.ts';
import { formatUserAddress, parseUserAddress } from '../realm/user-address.ts';
import { failure } from './failure.ts';
import type { Http } from './http.ts';

/** Users kept; the ones met first are forgotten first and asked for again. */
const MAX_KEPT = 5000;

export class People {
  readonly #http: Pick<Http, 'get'>;
  readonly #byId = new Map<UserId, User>();
  readonly #byAddress = new Map<string, User>();

  constructor(http: Pick<Http, 'get'>) {
    this.#http = http;
  }

  remember(users: readonly User[]): void {
    for (const user of users) {
      const before = this.#byId.get(user.id);
      if (before && before.address !== user.address) this.#byAddress.delete(before.address);
      this.#byId.set(user.id, user);
      this.#byAddress.set(user.address, user);
    }
    for (const [id, user] of this.#byId) {
      if (this.#byId.size <= MAX_KEPT) return;
      this.#byId.delete(id);
      this.#byAddress.delete(user.address);
    }
  }

  known(id: UserId): User | undefined {
    return this.#byId.get(id);
  }

  async byAddress(text: string, signal?: AbortSignal): Promise<User | undefined> {
    const address = canonical(text);
    return this.#byAddress.get(address) ?? (await this.#ask(`address=${encodeURIComponent(address)}`, signal))[0];
  }

  async byId(id: UserId, signal?: AbortSignal): Promise<User | undefined> {
    return this.#byId.get(id) ?? (await this.anew(id, signal));
  }

  /** As the server says now. */
  async anew(id: UserId, signal?: AbortSignal): Promise<User | undefined> {
    return (await this.#ask(`id=${id}`, signal))[0];
  }

  search(prefix: string, signal?: AbortSignal): Promise<readonly User[]> {
    return this.#ask(`prefix=${encodeURIComponent(prefix)}`, signal);
  }

  forget(): void {
    this.#byId.clear();
    this.#byAddress.clear();
  }

  async #ask(query: string, signal?: AbortSignal): Promise<readonly User[]> {
    const { users } = await this.#http.get(`/users?${query}`, usersAnswer, signal);
    this.remember(users);
    return users;
  }
}

function canonical(text: string): string {
  try {
    return formatUserAddress(parseUserAddress(text.trim().toLowerCase()));
  } catch (cause) {
    throw failure(InputError, 'bad-user-address', { address: text.slice(0, 80) }, cause);
  }
}
