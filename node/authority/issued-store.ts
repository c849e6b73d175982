// Every certificate that this realm's authority has made and that could still be used or renewed: what a revocation looks up.
//
//   ('issued', serial)  [2, kind, realm, tier, notBefore, notAfter, issuer's key, own key | null, serial shown | null, key replaced | null]
//                       [1, kind, realm, tier, notBefore, notAfter]      of earlier releases, completed at the next start
import type { KeyName } from '../../src/pki/keys.ts';
import { parseRealmName, type RealmName, ROLES, type Role, TIERS, type Tier } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../src/store/positional.ts';

export interface IssuedCertificate {
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  readonly kind: 'authority' | Role;
  readonly realm: RealmName;
  readonly tier: Tier;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The own key that has issued it, and so the one that revokes it; absent where an earlier release has written. */
  readonly issuer?: KeyName;
  /** Its own public key. */
  readonly key?: KeyName;
  /** The certificate that was shown for this one, when it is a renewal. */
  readonly renews?: string;
  /** An authority's key that this one takes the place of. */
  readonly replaces?: KeyName;
}

const ROOT = 'issued';
const VERSION = 2;
const MAX_NAME = 253;
const MAX_SERIAL = 40;
const MAX_KEY_NAME = 128;

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

function encode(issued: IssuedCertificate): Uint8Array {
  const { kind, realm, tier, notBefore, notAfter } = issued;
  const named = [issued.issuer, issued.key, issued.renews, issued.replaces].map((one) => one ?? null);
  return encodeFields([VERSION, kind, realm, tier, notBefore, notAfter, ...named]);
}

function decode(bytes: Uint8Array): Omit<IssuedCertificate, 'serial'> {
  return decodeFields(bytes, 'issued certificate', (reader) => {
    const isOld = reader.number(VERSION) < VERSION;
    const certificate = {
      kind: reader.oneOf(['authority', ...ROLES]),
      realm: parseRealmName(reader.text(MAX_NAME)),
      tier: reader.oneOf(TIERS),
      notBefore: reader.number(),
      notAfter: reader.number(),
    };
    return isOld ? certificate : { ...certificate, ...decodeKeys(reader) };
  });
}

/** The store is our own: what it holds as a key's name was one. */
function decodeKeys(reader: FieldReader): Pick<IssuedCertificate, 'issuer' | 'key' | 'renews' | 'replaces'> {
  const keyName = (): KeyName | undefined => reader.optional((one) => one.text(MAX_KEY_NAME)) as KeyName | undefined;
  const [issuer, own] = [keyName(), keyName()];
  const renews = reader.optional((one) => one.text(MAX_SERIAL));
  const replaces = keyName();
  return {
    ...(issuer && { issuer }),
    ...(own && { key: own }),
    ...(renews && { renews }),
    ...(replaces && { replaces }),
  };
}
