// Whom a user of this realm wants to hear nothing from. Enforced here, at the receiver's home, in conversations of two: what was there
// before stays, and whoever is blocked is not told. Few have such a list, and lists are short: all are in memory.
//
//   ('block', user, other) -> [at]
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError, RefusedError } from '../../src/realm/errors.ts';
import { idBytes, idText, parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import { type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';

/** People whom one user may block. */
export const MAX_BLOCKED = 1000;

export class Blocks {
  readonly #database: Pick<Database, 'commit' | 'iterate'>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #blocked = new Map<UserId, Map<UserId, number>>();

  constructor(database: Pick<Database, 'commit' | 'iterate'>, clock: Pick<Clock, 'now'>) {
    this.#database = database;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    for await (const [row, value] of this.#database.iterate(under('block'))) {
      const [user, other] = parseKey(row).slice(1).map(userOf);
      const at = new Fields(decodeStrict(value, 64), 'block', 1).uint();
      if (user && other) this.#of(user).set(other, at);
    }
  }

  isBlocked(user: UserId, other: UserId): boolean {
    return this.#blocked.get(user)?.has(other) === true;
  }

  list(user: UserId): { readonly user: UserId; readonly at: number }[] {
    return [...(this.#blocked.get(user) ?? [])].map(([other, at]) => ({ user: other, at }));
  }

  /** @throws RefusedError `block-limit`; InputError `block-self` */
  async block(user: UserId, other: UserId): Promise<void> {
    if (user === other) throw new InputError('block-self', 'Nobody blocks himself');
    if (this.isBlocked(user, other)) return;
    if (this.#of(user).size >= MAX_BLOCKED) {
      throw new RefusedError('block-limit', `A user blocks at most ${MAX_BLOCKED} others`);
    }
    const at = this.#clock.now();
    await this.#database.commit([{ type: 'put', key: rowOf(user, other), value: encodeItem([at]) }]);
    this.#of(user).set(other, at);
  }

  async unblock(user: UserId, other: UserId): Promise<void> {
    await this.#database.commit([{ type: 'del', key: rowOf(user, other) }]);
    this.#of(user).delete(other);
  }

  #of(user: UserId): Map<UserId, number> {
    const mine = this.#blocked.get(user) ?? new Map<UserId, number>();
    this.#blocked.set(user, mine);
    return mine;
  }
}

const rowOf = (user: UserId, other: UserId): Uint8Array => key('block', idBytes(user), idBytes(other));
const userOf = (part: KeyPart | undefined): UserId =>
  parseUserId(idText(part instanceof Uint8Array ? part : new Uint8Array()));
