// The ledger and the incarnation over the control socket; routes beside those of api.ts.
//
//   GET  /v1/ledger                            {realm, chains: Chain[]}   verified from the disk
//   POST /v1/ledger/tail {realm?,chain?,after?,limit}  {entries: Entry[]}   in order; after: {"realm/chain": n}
//   GET  /v1/incarnation                       Incarnation
//   POST /v1/incarnation/confirm {}            Incarnation
//   POST /v1/users/remove {user}               {address}                  a login of this realm
import * as v from 'valibot';
import { isRealmName, type RealmName } from '../../src/realm/names.ts';
import type { AdminClient } from './api.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const chain = v.picklist(['network', 'directory']);
export const MAX_TAIL = 500;

const chainVerdict = v.object({
  realm,
  chain,
  n: v.number(),
  incarnation: v.number(),
  /** Milliseconds since 1970, as all times here. */
  time: v.number(),
  bytes: v.number(),
  from: v.number(),
  whole: v.boolean(),
  damage: v.optional(v.object({ n: v.number(), code: v.string(), why: v.string() })),
  fraud: v.optional(
    v.object({
      n: v.number(),
      incarnation: v.number(),
      since: v.number(),
      over: v.optional(v.picklist(['resumed', 'revoked'])),
    }),
  ),
  rewinds: v.array(v.object({ incarnation: v.number(), begins: v.number(), was: v.number() })),
  witnesses: v.array(
    v.object({ realm, n: v.number(), time: v.number(), says: v.picklist(['agrees', 'ahead', 'contradicts']) }),
  ),
});
export type ChainRow = v.InferOutput<typeof chainVerdict>;

const entry = v.object({
  realm,
  chain,
  n: v.number(),
  incarnation: v.number(),
  time: v.number(),
  kind: v.string(),
  bytes: v.number(),
  hash: v.string(),
});
export type EntryRow = v.InferOutput<typeof entry>;

const incarnation = v.object({
  incarnation: v.number(),
  withheld: v.optional(v.picklist(['checking', 'restored', 'behind', 'forked', 'cloned'])),
  witnesses: v.array(realm),
});
export type IncarnationRow = v.InferOutput<typeof incarnation>;

const verified = v.object({ realm, chains: v.array(chainVerdict) });
const tail = v.object({ entries: v.array(entry) });

export const LEDGER_REQUESTS = {
  tail: v.object({
    realm: v.optional(realm),
    chain: v.optional(chain),
    after: v.optional(v.record(v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(0)))),
    limit: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MAX_TAIL)),
  }),
  removeUser: v.object({ user: v.string() }),
  empty: v.object({}),
} as const;
export type TailRequest = v.InferOutput<typeof LEDGER_REQUESTS.tail>;

/** Every signature on the disk is checked. */
const VERIFY_DEADLINE = 10 * 60_000;

export class LedgerClient {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  verify(): Promise<v.InferOutput<typeof verified>> {
    return this.#admin.ask('/v1/ledger', verified, undefined, VERIFY_DEADLINE);
  }

  async tail(request: TailRequest): Promise<EntryRow[]> {
    return (await this.#admin.ask('/v1/ledger/tail', tail, request)).entries;
  }

  incarnation(): Promise<IncarnationRow> {
    return this.#admin.ask('/v1/incarnation', incarnation);
  }

  confirmIncarnation(): Promise<IncarnationRow> {
    return this.#admin.ask('/v1/incarnation/confirm', incarnation, {});
  }

  async removeUser(user: string): Promise<string> {
    return (await this.#admin.ask('/v1/users/remove', v.object({ address: v.string() }), { user })).address;
  }
}
