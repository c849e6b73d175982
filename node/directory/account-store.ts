// Accounts of own users: the registration record and what belongs to it, all in memory, durable underneath.
//
//   ('account', user id)  [version 1, login, registration record, must change password, status]
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
}

const VERSION = 1;
const MAX_LOGIN = 64;
const STATUSES = ['active', 'disabled'] as const;

function decodeAccount(id: UserId, bytes: Uint8Array): Account {
  return decodeFields(bytes, 'account', (reader) => {
    reader.version(VERSION);
    const login = parseLogin(reader.text(MAX_LOGIN));
    const record = reader.text(MAX_RECORD);
    return { id, login, record, mustChangePassword: reader.boolean(), status: reader.oneOf(STATUSES) };
  });
}

export class AccountStore {
  readonly #byId = new Map<UserId, Account>();
  readonly #byLogin = new Map<Login, Account>();

  async load(database: Database): Promise<void> {
    for await (const [rowKey, bytes] of database.iterate(under('account'))) {
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

  put({ id, login, record, mustChangePassword, status }: Account): Write {
    return {
      type: 'put',
      key: key('account', id),
      value: encodeFields([VERSION, login, record, mustChangePassword, status]),
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
