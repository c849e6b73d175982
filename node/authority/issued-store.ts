// Every certificate that this realm's authority has made and that could still be used or renewed: what a revocation looks up.
//
//   ('issued', serial)  [1, kind, realm, tier, notBefore, notAfter]
import { parseRealmName, type RealmName, ROLES, type Role, TIERS, type Tier } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';

export interface IssuedCertificate {
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  readonly kind: 'authority' | Role;
  readonly realm: RealmName;
  readonly tier: Tier;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const ROOT = 'issued';
const VERSION = 1;
const MAX_NAME = 253;

export class IssuedStore {
  readonly #database: Pick<Database, 'commit' | 'iterate'>;

  constructor(database: Pick<Database, 'commit' | 'iterate'>) {
    this.#database = database;
  }

  /** Resolves when it is on disk. The same certificate again changes nothing. */
  async put(issued: IssuedCertificate): Promise<void> {
    await this.#database.commit([{ type: 'put', key: key(ROOT, issued.serial), value: encode(issued) }]);
  }

  /** Those that end after `since`; the others are forgotten. */
  async list(since: number): Promise<IssuedCertificate[]> {
    const live: IssuedCertificate[] = [];
    const over: Uint8Array[] = [];
    for await (const [at, value] of this.#database.iterate(under(ROOT))) {
      const [, serial] = parseKey(at);
      const issued = { serial: String(serial), ...decode(value) };
      if (issued.notAfter > since) live.push(issued);
      else over.push(at);
    }
    await this.#database.commit(over.map((at) => ({ type: 'del', key: at })));
    return live;
  }
}

function encode({ kind, realm, tier, notBefore, notAfter }: IssuedCertificate): Uint8Array {
  return encodeFields([VERSION, kind, realm, tier, notBefore, notAfter]);
}

function decode(bytes: Uint8Array): Omit<IssuedCertificate, 'serial'> {
  return decodeFields(bytes, 'issued certificate', (reader) => {
    reader.version(VERSION);
    return {
      kind: reader.oneOf(['authority', ...ROLES]),
      realm: parseRealmName(reader.text(MAX_NAME)),
      tier: reader.oneOf(TIERS),
      notBefore: reader.number(),
      notAfter: reader.number(),
    };
  });
}
