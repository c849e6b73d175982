// Whether mail for a realm is held back: a realm that was revoked gets nothing, and nothing is lost. Once it is certified anew
// its queue goes on.
import type { RealmName } from '../../src/realm/names.ts';

export interface Standing {
  isFrozen(realm: RealmName): boolean;
  /** Whether the ledger says that there is such a realm; asked of those below this one. Default: there is. */
  isKnown?(realm: RealmName): boolean;
  /** Calls back when an answer may have changed. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
}

/** Nobody is held back. */
export const ALL_IN_GOOD_STANDING: Standing = { isFrozen: () => false, onChange: () => () => {} };
