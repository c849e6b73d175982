// Accounts of own users: the registration record and what belongs to it, all in memory, durable underneath.
//
//   ('account', user id)  [version 1, login, registration record, must change password, status, may renew identity]
import { parseUserId, type UserId } from '../../src/realm/ids.ts';
import { type Login, parseLogin } from '../../src/realm/user-address.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';
import type { UserStatus } from './directory.ts';
import { MAX_RECORD } from './opaque-server.ts';

export interface Account {
  readonly id: UserId;
  readonly login: Login;
  readonly record: string;
  readonly mustChangePassword: boolean;
  readonly status: UserStatus;
  /** After a reset by an administrator: the vault may be beyond reach, and then a new identity takes the place of the old one. */
  readonly mayRenewIdentity: boolean;
}

const VERSION = 1;
const MAX_LOGIN = 64;
const STATUSES = ['active', 'disabled'] as const;

function decodeAccount(id: UserId, bytes: Uint8Array): Account {
  return decodeFields(bytes, 'account', (reader) => {
    reader.version(VERSION);
    const login = parseLogin(reader.text(MAX_LOGIN));
    const record = reader.text(MAX_RECORD);
    const account = { id, login, record, mustChangePassword: reader.boolean(), status: reader.oneOf(STATUSES) };
    return { ...account, mayRenewIdentity: reader.hasMore ? reader.boolean() : false };
  });
}

export class AccountStore {
  readonly #database: Database;
  readonly #byId = new Map<UserId, Account>();
  readonly #byLogin = new Map<Login, Account>();

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<void> {
    for await (const [rowKey, bytes] of this.#database.iterate(under('account'))) {
      this.remember(decodeAccount(parseUserId(String(parseKey(rowKey)[1])), bytes));
    }
  }

  get(id: UserId): Account | undefined {
    return this.#byId.get(id);
  }

  find(login: Login): Account | undefined {
    return this.#byLogin.get(login);
  }

  list(): Account[] {
    return [...this.#byId.values()].sort((a, b) => (a.login < b.login ? -1 : 1));
  }

  /** Writes and remembers. */
  async save(account: Account): Promise<void> {
    await this.#database.commit([this.put(account)]);
    this.remember(account);
  }

  put({ id, login, record, mustChangePassword, status, mayRenewIdentity }: Account): Write {
    return {
      type: 'put',
      key: key('account', id),
      value: encodeFields([VERSION, login, record, mustChangePassword, status, mayRenewIdentity]),
    };
  }

  erase(id: UserId): Write {
    return { type: 'del', key: key('account', id) };
  }

  /** After the write of `erase` is on disk. */
  forget({ id, login }: Account): void {
    this.#byId.delete(id);
    this.#byLogin.delete(login);
  }

  /** After the write of `put` is on disk. */
  remember(account: Account): void {
    this.#byId.set(account.id, account);
    this.#byLogin.set(account.login, account);
  }
}
