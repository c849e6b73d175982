// Trusts: agreements between two realms of different enterprises that their relays keep a link and their nodes write to each
// other directly. Proposed by one, accepted by the other, signed by both, removable by either.
//
//   terms      = [1, id, proposer, accepter, direction, from, until, [login, …], [login, …], presence]
//   signature  = [time, chain, signature]
//   agreement  = [1, terms, signature of the proposer, signature of the accepter or null]      null: a proposal
//   removal    = [1, id, realm, time]
//
//   proposer's signature = Ed25519 over "canopy/trust-proposal/1\n" and [terms, time]
//   accepter's signature = Ed25519 over "canopy/trust-acceptance/1\n" and [terms, proposer's signature, time]
//
// `chain` is that of the realm's node at the time of signing, as encodeChain of src/pki writes it. `direction` is the proposer's
// view: `both`, `outward` (the proposer's people may write), `inward` (the accepter's). The first list names the people of the
// proposer who take part, the second those of the accepter; an empty one means everybody. `presence` says whether the two sides
// see who is online. Times are milliseconds since 1970.
//
// Who takes an agreement in checks the chains as of now; afterwards, and on relays, they are judged as of the time of signing,
// since leaves live for 30 days and a trust for years, and a certificate that was revoked ends what it signed. So an old key that
// was stolen can't sign in a past in which it was good: only what came fresh is on a realm's own chain.
//
// In force is what the realm's own network chain holds as `trust` entry, whose time has come and is not over, unless a
// `trust-removed` entry with that id is on the network chain of either side. A removal is for ever: the same id never returns.
//
// Both travel in errands (../errand) between the two nodes: `trust-proposal` (a proposal), `trust-acceptance` (an agreement),
// `trust-decline` ([1, id]), `trust-removal` ([1, id]); each is answered with no bytes. Where errands can't pass, proposal and
// acceptance travel as a line that people hand over. Answers: `trust-conflict`, `trust-unknown`, `trust-over`, `not-a-party`,
// `already-kin`, `signature-bad`, `cert-…`, `malformed`.

import type { TrustDirection } from '../../overlay/charter.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Login } from '../../realm/user-address.ts';

/** Ledger entries. */
export const TRUST = 'trust';
export const TRUST_REMOVED = 'trust-removed';

/** Errands. */
export const PROPOSAL_ERRAND = 'trust-proposal';
export const ACCEPTANCE_ERRAND = 'trust-acceptance';
export const DECLINE_ERRAND = 'trust-decline';
export const REMOVAL_ERRAND = 'trust-removal';

/** Bytes of an agreement; a ledger entry holds it. */
export const MAX_AGREEMENT = 20 * 1024;
/** People named on one side. */
export const MAX_PEOPLE = 64;
const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds from `from` to `until`. */
export const MAX_LIFETIME = 3 * 366 * DAY;
/** Milliseconds after which a proposal that nobody answered is over. */
export const PROPOSAL_LIFETIME = 30 * DAY;

/** 16 bytes in lower-case hex. */
export type TrustId = string;

export interface Terms {
  readonly id: TrustId;
  readonly proposer: RealmName;
  readonly accepter: RealmName;
  readonly direction: TrustDirection;
  readonly from: number;
  readonly until: number;
  /** Empty: everybody. */
  readonly proposerPeople: readonly Login[];
  readonly accepterPeople: readonly Login[];
  readonly presence: boolean;
}

export interface TrustSignature {
  readonly time: number;
  readonly chain: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Agreement {
  readonly terms: Terms;
  readonly proposed: TrustSignature;
  /** Undefined: a proposal. */
  readonly accepted?: TrustSignature;
}

export interface Removal {
  readonly id: TrustId;
  /** Who removed it. */
  readonly realm: RealmName;
  readonly time: number;
}
