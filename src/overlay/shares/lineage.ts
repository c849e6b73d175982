// Where a realm stands as seen from ours, for limits: the steps from our realm down to it. A realm certifies as many realms below
// itself as it likes, so what is counted is counted for each step: a realm and all that it certified are one.
import { ancestorsOf, isWithin, parentOf, type RealmName } from '../../realm/names.ts';

/** Our own realm has no steps. The last step is the realm itself, also where others stand below it. */
export type Lineage = readonly string[];

/** Realms of one of these groups together count as one child of ours does. */
const ABOVE = '(above)';
const BESIDE = '(beside)';
const PARTNERS = '(partners)';

export function lineageOf(own: RealmName, other: RealmName): Lineage {
  if (other === own) return [];
  if (isWithin(other, own)) {
    const between = ancestorsOf(other).filter((realm) => realm !== own && isWithin(realm, own));
    return [...between.toReversed(), other, other];
  }
  if (isWithin(own, other)) return [ABOVE, other];
  return [parentOf(own) === parentOf(other) ? BESIDE : PARTNERS, other];
}
