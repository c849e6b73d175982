// What a user of this realm does not want others to see, or a policy hides: that he has read something, that he is online. Clients of
// this realm and other realms are told alike.
//
//   ('privacy', user) -> [hides reading, hides presence]

import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import type { Hideable } from '../../src/protocols/policy/index.ts';
import { idBytes, idText, parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import type { Hides } from './reading-marks.ts';

export interface PrivacySetting {
  /** Others learn what the user has read. */
  readonly receipts: boolean;
  /** Others learn when the user is online, and was last. */
  readonly presence: boolean;
}

const OPEN: PrivacySetting = { receipts: true, presence: true };

export class Privacy implements Hides {
  readonly #database: Pick<Database, 'commit' | 'iterate'>;
  /** Only of those who hide something. */
  readonly #settings = new Map<UserId, PrivacySetting>();

  readonly #policy: (what: Hideable) => boolean;

  /** @param policy what is hidden of everybody here; nothing when absent */
  constructor(database: Pick<Database, 'commit' | 'iterate'>, policy: (what: Hideable) => boolean = () => false) {
    this.#database = database;
    this.#policy = policy;
  }

  async load(): Promise<void> {
    for await (const [row, value] of this.#database.iterate(under('privacy'))) {
      const [, part] = parseKey(row);
      const fields = new Fields(decodeStrict(value, 16), 'privacy', 2);
      const setting = { receipts: !fields.flag(), presence: !fields.flag() };
      if (part instanceof Uint8Array) this.#settings.set(parseUserId(idText(part)), setting);
    }
  }

  of(user: UserId): PrivacySetting {
    return this.#settings.get(user) ?? OPEN;
  }

  async set(user: UserId, { receipts, presence }: PrivacySetting): Promise<void> {
    const row = key('privacy', idBytes(user));
    const isOpen = receipts && presence;
    await this.#database.commit([
      isOpen ? { type: 'del', key: row } : { type: 'put', key: row, value: encodeItem([!receipts, !presence]) },
    ]);
    if (isOpen) this.#settings.delete(user);
    else this.#settings.set(user, { receipts, presence });
  }

  /** What a policy hides of everybody here, whatever they wish. */
  get hiddenOfAll(): { readonly receipts: boolean; readonly presence: boolean } {
    return { receipts: this.#policy('read'), presence: this.#policy('presence') };
  }

  reading(reader: UserId): boolean {
    return this.#policy('read') || !this.of(reader).receipts;
  }

  delivery(): boolean {
    return this.#policy('delivered');
  }

  presence(user: UserId): boolean {
    return this.#policy('presence') || !this.of(user).presence;
  }
}
