// Revocation lists that came by a refusal instead of a network chain: somebody who refused this realm has shown them. The chain in
// which they stand may never be had, since nobody outside admits this realm any more; so they are kept here, checked before, and
// go into the charter after those of the chains.
//
//   ('shown-lists')   [[name of the authority's key, list with its chain], …]   CBOR, oldest first
import * as v from 'valibot';
import { MAX_SIGNED_CRL } from '../../src/pki/revocations.ts';
import { tryReadCbor, writeCbor } from '../../src/realm/cbor.ts';
import { LocalError } from '../../src/realm/errors.ts';
import type { Database } from '../../src/store/database.ts';
import { key } from '../../src/store/keys.ts';

/** Authorities above a realm are three, and each may have been certified anew. */
const MAX_SHOWN = 8;
const NAME = key('shown-lists');
const MAX_KEY_NAME = 256;

const stored = v.pipe(
  v.array(
    v.strictTuple([
      v.pipe(v.string(), v.maxLength(MAX_KEY_NAME)),
      v.pipe(v.instance(Uint8Array), v.maxLength(MAX_SIGNED_CRL)),
    ]),
  ),
  v.maxLength(MAX_SHOWN),
);

type Stored = readonly (readonly [keyName: string, list: Uint8Array])[];

export class ShownLists {
  readonly #database: Pick<Database, 'get' | 'commit'>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(database: Pick<Database, 'get' | 'commit'>) {
    this.#database = database;
  }

  /** @throws LocalError `store-damaged` */
  async all(): Promise<Uint8Array[]> {
    return (await this.#read()).map(([, list]) => list);
  }

  /** In place of the one that this key had; resolves when it is on disk. */
  put(keyName: string, list: Uint8Array): Promise<void> {
    const done = this.#last.then(() => this.#put(keyName, list));
    this.#last = done.catch(() => {});
    return done;
  }

  async #put(keyName: string, list: Uint8Array): Promise<void> {
    const others = (await this.#read()).filter(([name]) => name !== keyName);
    const lists: Stored = [...others, [keyName, list]];
    await this.#database.commit([{ type: 'put', key: NAME, value: writeCbor(lists.slice(-MAX_SHOWN)) }]);
  }

  async #read(): Promise<Stored> {
    const bytes = await this.#database.get(NAME);
    if (!bytes) return [];
    const result = v.safeParse(stored, tryReadCbor(bytes));
    if (result.success) return result.output;
    throw new LocalError('store-damaged', 'The revocation lists that refusals have shown are unreadable', {
      hint: 'Restore the latest backup of this directory.',
    });
  }
}
