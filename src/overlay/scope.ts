// What an admitted peer may speak: one table of our role, the peer's role and the relation between the two realms. A
// protocol that is not in the table is refused to everyone; those of a node's own parts are declared as they are handled.
//
// The house of a branch is the realm right above it: its enterprise, or the region where there is no enterprise between.
// Two branches of one house are siblings. Everyone else below the same root is a stranger, who is not even admitted, unless a
// trust is in force between the two realms: then their relays keep a link and their nodes speak what is declared for it.
import { isWithin, parentOf, type RealmName, type Role, type Tier } from '../realm/names.ts';
import type { Charter } from './charter.ts';
import type { HandleOptions } from './seam.ts';

/** What the other is to us. */
export type Relation = 'own' | 'parent' | 'ancestor' | 'child' | 'descendant' | 'sibling' | 'trusted' | 'stranger';

/** The part of a certificate that decides. */
export interface Standing {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly role: Role;
}

interface Rule {
  readonly protocol: RegExp;
  readonly peer: Role;
  readonly relations: readonly Relation[];
}

const FAMILY: readonly Relation[] = ['own', 'parent', 'child', 'sibling'];
const ABOVE: readonly Relation[] = ['own', 'parent', 'ancestor'];
const BELOW: readonly Relation[] = ['own', 'child', 'descendant'];
const KIN: readonly Relation[] = ['own', 'parent', 'ancestor', 'child', 'descendant', 'sibling'];
/** Between relays: links are kept, bettered and forwarded over; nobody reserves, locates or enrols at a partner's relay. */
const LINKED: readonly Relation[] = [...KIN, 'trusted'];
/** Nodes that may speak with each other. */
const PARTNERS: readonly Relation[] = [...FAMILY, 'trusted'];

const rule = (protocol: RegExp, peer: Role, relations: readonly Relation[]): Rule => ({ protocol, peer, relations });

const RELAY_RULES: readonly Rule[] = [
  rule(/^\/(ipfs|canopy)\/(id|id\/push|ping)\/1\.0\.0$/, 'relay', LINKED),
  rule(/^\/(ipfs|canopy)\/(id|id\/push|ping)\/1\.0\.0$/, 'node', ['own']),
  rule(/^\/libp2p\/circuit\/relay\/0\.2\.0\/hop$/, 'relay', BELOW),
  rule(/^\/canopy\/pipe\/1$/, 'relay', BELOW),
  rule(/^\/libp2p\/circuit\/relay\/0\.2\.0\/stop$/, 'relay', ABOVE),
  rule(/^\/webrtc-signaling\/0\.0\.1$/, 'relay', LINKED),
  rule(/^\/canopy\/(link-ping|punch|twin)\/1$/, 'relay', LINKED),
  rule(/^\/canopy\/locate\/1$/, 'relay', KIN),
  rule(/^\/canopy\/enrol-forward\/1$/, 'relay', KIN),
  rule(/^\/canopy\/forward\/1$/, 'relay', ['parent', 'child', 'sibling', 'trusted']),
  rule(/^\/canopy\/(forward|paths|charter|link-ping)\/1$/, 'node', ['own']),
  rule(/^\/canopy\/(echo|twin)\/1$/, 'node', ['own']),
];

const NODE_RULES: readonly Rule[] = [
  rule(/^\/canopy\/(forward|enrol-forward|echo|twin)\/1$/, 'relay', ['own']),
  rule(/^\/canopy\/(echo|twin)\/1$/, 'node', PARTNERS),
];

const RULES: Readonly<Record<Role, readonly Rule[]>> = { relay: RELAY_RULES, node: NODE_RULES };

/** Relations that each `allow` of the seam stands for; the own relay may speak whatever its node offers to a family. */
const ALLOWANCE: Readonly<Record<HandleOptions['allow'], readonly Relation[]>> = {
  own: ['own'],
  family: FAMILY,
  enterprise: FAMILY,
  trusted: PARTNERS,
};

/** Which trusts are in force. */
export type Trusts = Pick<Charter, 'trustWith'>;

const NO_TRUSTS: Trusts = { trustWith: () => undefined };

type Place = Pick<Standing, 'realm' | 'tier'>;

export function relationOf(self: Place, other: Place): Relation {
  if (other.realm === self.realm) return 'own';
  if (other.realm === parentOf(self.realm)) return 'parent';
  if (parentOf(other.realm) === self.realm) return 'child';
  if (isWithin(self.realm, other.realm)) return 'ancestor';
  if (isWithin(other.realm, self.realm)) return 'descendant';
  const branches = self.tier === 'branch' && other.tier === 'branch';
  return branches && parentOf(self.realm) === parentOf(other.realm) ? 'sibling' : 'stranger';
}

/** The relation by names, and by a trust where names make strangers. */
export function relationWith(self: Place, other: Place, trusts: Trusts = NO_TRUSTS): Relation {
  const relation = relationOf(self, other);
  return relation === 'stranger' && trusts.trustWith(other.realm) ? 'trusted' : relation;
}

/** Whether two programs have anything to say to each other at all; if not, they aren't admitted. */
export function mayConnect(self: Standing, other: Standing, trusts: Trusts = NO_TRUSTS): boolean {
  const relation = relationWith(self, other, trusts);
  if (self.role !== other.role) return relation === 'own';
  return (self.role === 'relay' ? LINKED : PARTNERS).includes(relation);
}

/** Whether nodes of a realm may reach nodes of another, by name alone; the certificates are checked when they meet. */
export function mayReach(self: Place, destination: RealmName, trusts: Trusts = NO_TRUSTS): boolean {
  return isReachable(self, { realm: destination, tier: 'branch' }, trusts);
}

/** The same, by a certificate. */
export function isReachable(self: Place, other: Place, trusts: Trusts = NO_TRUSTS): boolean {
  const relation = relationWith(self, other, trusts);
  return relation !== 'own' && PARTNERS.includes(relation);
}

/** The private table of a house (location/dht.ts): its own relays and those of its branches speak it, and nobody else. */
export function houseTable(house: RealmName): string {
  return `/canopy/${house}/kad/1`;
}

/** The table, with what a program declares for itself. */
export class Scope {
  readonly self: Standing;
  readonly #declared = new Map<string, HandleOptions['allow']>();
  readonly #trusts: Trusts;

  constructor(self: Standing, trusts: Trusts = NO_TRUSTS) {
    this.self = self;
    this.#trusts = trusts;
  }

  declare(protocol: string, allow: HandleOptions['allow']): void {
    this.#declared.set(protocol, allow);
  }

  mayOpen(peer: Standing, protocol: string): boolean {
    const relation = relationWith(this.self, peer, this.#trusts);
    const allow = this.#declared.get(protocol);
    if (allow !== undefined) return this.#mayOpenDeclared(peer, relation, allow);
    if (protocol === houseTable(houseOf(this.self))) return sharesTable(this.self, peer);
    return RULES[this.self.role].some(
      (entry) => entry.peer === peer.role && entry.relations.includes(relation) && entry.protocol.test(protocol),
    );
  }

  #mayOpenDeclared(peer: Standing, relation: Relation, allow: HandleOptions['allow']): boolean {
    if (peer.role !== this.self.role && relation !== 'own') return false;
    return ALLOWANCE[allow].includes(relation) && (allow !== 'enterprise' || sameEnterprise(this.self, peer));
  }
}

/** A region is nobody's enterprise, but for branches that stand directly below it. */
function sameEnterprise(a: Place, b: Place): boolean {
  return a.realm === b.realm || houseOf(a) === houseOf(b);
}

/** The realm right above a branch; every other realm is a house of its own. */
export function houseOf({ realm, tier }: Place): RealmName {
  return tier === 'branch' ? (parentOf(realm) ?? realm) : realm;
}

export function sharesTable(a: Standing, b: Standing): boolean {
  return a.role === 'relay' && b.role === 'relay' && houseOf(a) === houseOf(b);
}
