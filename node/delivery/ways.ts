// Which way messages to a realm go. Colleagues of one house, a parent and a child, and realms with a trust get them direct;
// everyone else along the tree, from tier to tier. Where a direct destination is away, the next realm on the tree holds a copy.
// Pure: it decides by names, tiers and the charter, and asks nobody.
import type { Charter } from '../../src/overlay/charter.ts';
import { relationOf } from '../../src/overlay/scope.ts';
import { parentOf, type RealmName, type Tier } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';

export type Way =
  /** `custodian` holds a copy while the destination is away; undefined where no realm stands between. */
  | { readonly kind: 'direct'; readonly custodian: RealmName | undefined }
  | { readonly kind: 'tree'; readonly next: RealmName }
  /** Another root. */
  | { readonly kind: 'none' };

export interface WaysInit {
  readonly realm: RealmName;
  readonly tier: Tier;
  /** Of a realm that was certified; undefined for one that is not known here. */
  readonly tierOf: (realm: RealmName) => Tier | undefined;
  readonly charter: Pick<Charter, 'trustWith'>;
}

const DIRECT = new Set(['parent', 'child', 'sibling']);

export class Ways {
  readonly #init: WaysInit;

  constructor(init: WaysInit) {
    this.#init = init;
  }

  to(destination: RealmName): Way {
    const next = nextOnTree(this.#init.realm, destination);
    if (next === undefined) return { kind: 'none' };
    if (!this.#isDirect(destination)) return { kind: 'tree', next };
    return { kind: 'direct', custodian: next === destination ? undefined : next };
  }

  #isDirect(destination: RealmName): boolean {
    const { realm, tier, charter } = this.#init;
    const relation = relationOf({ realm, tier }, { realm: destination, tier: this.#tierOf(destination) });
    if (DIRECT.has(relation)) return true;
    const trust = charter.trustWith(destination);
    return trust !== undefined && trust.direction !== 'inward';
  }

  /** What stands beside a branch below an enterprise is a branch; of an unknown realm nothing more can be said. */
  #tierOf(destination: RealmName): Tier {
    const { realm, tierOf } = this.#init;
    const known = tierOf(destination);
    if (known) return known;
    const parent = parentOf(destination);
    const isBesides = parent !== undefined && parent === parentOf(realm);
    return isBesides && tierOf(parent) === 'region' ? 'enterprise' : 'branch';
  }
}
