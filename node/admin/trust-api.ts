// Trusts, and who reaches whom, over the control socket; routes beside those of api.ts.
//
//   GET  /v1/trusts                       {trusts: Trust[]}     newest first
//   POST /v1/trusts/add {…wish, dryRun}   Act
//   POST /v1/trusts/accept {which, dryRun}  Act                 an id, a realm or a line
//   POST /v1/trusts/decline {which}       Act
//   POST /v1/trusts/remove {which, dryRun}  Act
//   POST /v1/reach {from?, to?}           {realm, pairs: Pair[]}
import * as v from 'valibot';
import type { TrustDirection } from '../../src/overlay/charter.ts';
import { isRealmName, type RealmName } from '../../src/realm/names.ts';
import type { AdminClient } from './api.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const MAX_PEOPLE = 64;
/** A pasteable line; an id and a name are shorter. */
const MAX_WHICH = 16 * 1024;
const DIRECTIONS = ['both', 'outward', 'inward'] as const satisfies readonly TrustDirection[];
const people = v.pipe(v.array(v.string()), v.maxLength(MAX_PEOPLE));

const wish = {
  realm,
  direction: v.picklist(DIRECTIONS),
  until: v.pipe(v.number(), v.safeInteger()),
  ours: people,
  theirs: people,
  presence: v.boolean(),
};

const trust = v.object({
  ...wish,
  id: v.string(),
  state: v.picklist(['proposed', 'received', 'declined', 'lapsed', 'waiting', 'in-force', 'expired', 'removed']),
  from: v.number(),
  proposedHere: v.boolean(),
  removedBy: v.optional(realm),
  removedAt: v.optional(v.number()),
  untold: v.boolean(),
});
export type TrustRow = v.InferOutput<typeof trust>;

const act = v.object({ trust, untold: v.optional(v.string()), line: v.optional(v.string()) });
export type TrustActRow = v.InferOutput<typeof act>;

const pair = v.object({
  from: realm,
  to: realm,
  way: v.picklist(['own', 'direct', 'tiers', 'none']),
  /** Realms on the way, both ends included. */
  over: v.array(realm),
  /** Why: a relation by names, a trust, or what forbids it. */
  because: v.string(),
  trust: v.optional(
    v.object({ id: v.string(), direction: v.picklist(DIRECTIONS), until: v.number(), people: v.number() }),
  ),
  /** The realm whose authority stands above both, and how each is certified below it. */
  certified: v.array(v.object({ realm, issuer: realm, notAfter: v.number() })),
});
export type ReachRow = v.InferOutput<typeof pair>;

const which = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_WHICH));

export const TRUST_REQUESTS = {
  add: v.object({ ...wish, dryRun: v.boolean() }),
  which: v.object({ which, dryRun: v.boolean() }),
  reach: v.object({ from: v.optional(realm), to: v.optional(realm) }),
} as const;

/** The other side is told within an errand's time. */
const DEADLINE = 45_000;
const reached = v.object({ realm, pairs: v.array(pair) });

export class TrustClient {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  async list(): Promise<TrustRow[]> {
    return (await this.#admin.ask('/v1/trusts', v.object({ trusts: v.array(trust) }))).trusts;
  }

  add(body: v.InferInput<typeof TRUST_REQUESTS.add>): Promise<TrustActRow> {
    return this.#admin.ask('/v1/trusts/add', act, body, DEADLINE);
  }

  act(verb: 'accept' | 'decline' | 'remove', name: string, dryRun: boolean): Promise<TrustActRow> {
    return this.#admin.ask(`/v1/trusts/${verb}`, act, { which: name, dryRun }, DEADLINE);
  }

  reach(body: v.InferInput<typeof TRUST_REQUESTS.reach>): Promise<v.InferOutput<typeof reached>> {
    return this.#admin.ask('/v1/reach', reached, body);
  }
}
