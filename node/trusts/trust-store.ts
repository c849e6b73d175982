// What of trusts is on no chain: proposals that one side has signed, and what the other side is still to be told.
//
//   ('trust-proposal', id)       [1, 'sent' | 'received' | 'declined', proposal, time]
//   ('trust-notice', id, kind)   [1, id, kind, realm, body, time]      an errand that did not get through yet
import { decodeAgreement } from '../../src/protocols/trust/codec.ts';
import { type Agreement, MAX_AGREEMENT, type TrustId } from '../../src/protocols/trust/index.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';

const VERSION = 1;
const MAX_TEXT = 253;
const STATES = ['sent', 'received', 'declined'] as const;

export interface StoredProposal {
  readonly state: (typeof STATES)[number];
  /** As encodeAgreement writes it, without the accepter's signature. */
  readonly bytes: Uint8Array;
  readonly agreement: Agreement;
  /** When it came to be in this state. */
  readonly time: number;
}

export interface Notice {
  readonly id: TrustId;
  /** Of the errand. */
  readonly kind: string;
  readonly realm: RealmName;
  readonly body: Uint8Array;
  readonly time: number;
}

export class TrustStore {
  readonly #database: Pick<Database, 'get' | 'iterate' | 'commit'>;

  constructor(database: Pick<Database, 'get' | 'iterate' | 'commit'>) {
    this.#database = database;
  }

  async proposals(): Promise<StoredProposal[]> {
    const found: StoredProposal[] = [];
    for await (const [, value] of this.#database.iterate(under('trust-proposal'))) found.push(readProposal(value));
    return found;
  }

  async proposal(id: TrustId): Promise<StoredProposal | undefined> {
    const value = await this.#database.get(key('trust-proposal', id));
    return value && readProposal(value);
  }

  putProposal({ state, bytes, agreement, time }: StoredProposal): Promise<void> {
    const value = encodeFields([VERSION, state, bytes, time]);
    return this.#database.commit([{ type: 'put', key: key('trust-proposal', agreement.terms.id), value }]);
  }

  dropProposal(id: TrustId): Promise<void> {
    return this.#database.commit([{ type: 'del', key: key('trust-proposal', id) }]);
  }

  async notices(): Promise<Notice[]> {
    const found: Notice[] = [];
    for await (const [, value] of this.#database.iterate(under('trust-notice'))) found.push(readNotice(value));
    return found;
  }

  putNotice({ id, kind, realm, body, time }: Notice): Promise<void> {
    const value = encodeFields([VERSION, id, kind, realm, body, time]);
    return this.#database.commit([{ type: 'put', key: key('trust-notice', id, kind), value }]);
  }

  async dropNotices(notices: readonly Pick<Notice, 'id' | 'kind'>[]): Promise<void> {
    const writes = notices.map(({ id, kind }): Write => ({ type: 'del', key: key('trust-notice', id, kind) }));
    if (writes.length > 0) await this.#database.commit(writes);
  }
}

function readProposal(value: Uint8Array): StoredProposal {
  return decodeFields(value, 'stored proposal of a trust', (reader) => {
    reader.version(VERSION);
    const state = reader.oneOf(STATES);
    const bytes = reader.bytes(MAX_AGREEMENT);
    return { state, bytes, agreement: decodeAgreement(bytes), time: reader.number() };
  });
}

function readNotice(value: Uint8Array): Notice {
  return decodeFields(value, 'stored notice of a trust', (reader) => {
    reader.version(VERSION);
    return {
      id: reader.text(MAX_TEXT),
      kind: reader.text(MAX_TEXT),
      realm: parseRealmName(reader.text(MAX_TEXT)),
      body: reader.bytes(MAX_AGREEMENT),
      time: reader.number(),
    };
  });
}
