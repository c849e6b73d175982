// What the rest of the node sees of trusts.
import type { TrustDirection } from '../../src/overlay/charter.ts';
import type { TrustId } from '../../src/protocols/trust/index.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Login } from '../../src/realm/user-address.ts';

export interface TrustWish {
  readonly realm: RealmName;
  /** As seen from here. */
  readonly direction: TrustDirection;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** People of this realm who take part; empty: everybody. */
  readonly ours: readonly Login[];
  readonly theirs: readonly Login[];
  readonly presence: boolean;
}

/**
 * `proposed`: the other side is to accept it; `received`: we are; `lapsed`: a proposal that nobody answered in time; `waiting`:
 * signed by both, its time has not come.
 */
export type TrustState =
  | 'proposed'
  | 'received'
  | 'declined'
  | 'lapsed'
  | 'waiting'
  | 'in-force'
  | 'expired'
  | 'removed';

export interface TrustView extends TrustWish {
  readonly id: TrustId;
  readonly state: TrustState;
  readonly from: number;
  readonly proposedHere: boolean;
  /** Who removed it, and when. */
  readonly removedBy?: RealmName;
  readonly removedAt?: number;
  /** The other side does not know yet what happened here. */
  readonly untold: boolean;
}

export interface TrustAct {
  readonly trust: TrustView;
  /** Why the other side could not be told at once; it is tried on. Undefined: it knows. */
  readonly untold?: string;
  /** A line that says the same, to be handed over by people and given to `canopy trust accept` there. */
  readonly line?: string;
}

export interface Trusts {
  /** Newest first. */
  list(): Promise<TrustView[]>;
  /** @throws InputError `own-realm`, `already-kin`, `bad-expiry`; ConflictError `trust-conflict` */
  propose(wish: TrustWish, options?: { readonly dryRun?: boolean }): Promise<TrustAct>;
  /**
   * A proposal by its id, its beginning or the other realm's name; or a line: a proposal to be accepted, or the acceptance of one
   * of ours.
   */
  accept(which: string, options?: { readonly dryRun?: boolean }): Promise<TrustAct>;
  decline(which: string): Promise<TrustAct>;
  /** Ends it for both; a proposal of ours is withdrawn. */
  remove(which: string, options?: { readonly dryRun?: boolean }): Promise<TrustAct>;
}
