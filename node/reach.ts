// Who can reach whom, and by which certificate and trust: what an auditor asks. Answered from the network chains that this node
// holds: its ancestors', those of the realms below it and beside it, and of its partners. Of pairs beyond them it says only what
// names and tiers say.

import { relationOf } from '../src/overlay/scope.ts';
import { parseCertificate } from '../src/pki/certificate.ts';
import { decodeChain } from '../src/pki/chain.ts';
import { isWithin, parentOf, type RealmName, type Tier } from '../src/realm/names.ts';
import { treeBetween } from '../src/realm/tree.ts';
import type { ReachRow } from './admin/trust-api.ts';
import type { NodeCharter } from './charter.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Policies } from './policies/policies.ts';
import type { TrustTable } from './trusts/trust-table.ts';

export interface ReachComponents {
  readonly realm: RealmName;
  /** This realm and those above it. */
  readonly lineage: readonly { readonly realm: RealmName; readonly tier: Tier }[];
  readonly ledger: Pick<Ledger, 'realms'>;
  readonly charter: Pick<NodeCharter, 'isRealmRevoked'>;
  readonly table: Pick<TrustTable, 'between'>;
  /** What holds for this realm; those of others are theirs to tell. */
  readonly policies: Pick<Policies, 'forbids'>;
}

/** Pairs in one answer. */
const MAX_PAIRS = 10_000;

export class Reach {
  readonly #parts: ReachComponents;

  constructor(components: ReachComponents) {
    this.#parts = components;
  }

  /** From this realm to all it knows, unless told otherwise. */
  pairs({ from, to }: { readonly from?: RealmName | undefined; readonly to?: RealmName | undefined }): ReachRow[] {
    const origin = from ?? this.#parts.realm;
    if (to !== undefined) return [this.#pair(origin, to)];
    return this.#known()
      .filter((realm) => realm !== origin)
      .slice(0, MAX_PAIRS)
      .map((realm) => this.#pair(origin, realm));
  }

  #known(): RealmName[] {
    const { lineage, ledger, realm } = this.#parts;
    return [...new Set([realm, ...[...lineage, ...ledger.realms()].map((one) => one.realm)])].toSorted();
  }

  #pair(from: RealmName, to: RealmName): ReachRow {
    const over = from === to ? [from] : treeBetween(from, to);
    const certified = [...new Set(over)].flatMap((realm) => this.#certificateOf(realm));
    const row = { from, to, certified };
    const revoked = [from, to].find((realm) => this.#parts.charter.isRealmRevoked(realm));
    if (revoked) return { ...row, way: 'none', over: [], because: `${revoked} is revoked` };
    if (from === to) return { ...row, way: 'own', over, because: 'the same realm' };
    const forbidding = from === this.#parts.realm ? this.#parts.policies.forbids('destinations', to) : undefined;
    if (forbidding) {
      return { ...row, way: 'none', over: [], because: `the policy "destinations" of ${forbidding} forbids it` };
    }
    if (over.length === 0) return { ...row, way: 'none', over, because: 'no realm stands above both' };
    return { ...row, ...this.#way(from, to, over) };
  }

  #way(from: RealmName, to: RealmName, over: RealmName[]): Pick<ReachRow, 'way' | 'over' | 'because' | 'trust'> {
    const relation = relationOf({ realm: from, tier: this.#tierOf(from) }, { realm: to, tier: this.#tierOf(to) });
    if (relation === 'parent' || relation === 'child') return { way: 'direct', over: [from, to], because: relation };
    if (relation === 'sibling') {
      return { way: 'direct', over: [from, to], because: `both are branches of ${parentOf(from) ?? ''}` };
    }
    if (relation === 'ancestor' || relation === 'descendant') {
      return { way: 'tiers', over, because: `${relation}: from tier to tier` };
    }
    const terms = this.#parts.table.between(from, to);
    if (!terms) return { way: 'tiers', over, because: 'no trust: from tier to tier' };
    const outward = terms.proposer === from ? 'outward' : 'inward';
    const people = terms.proposerPeople.length + terms.accepterPeople.length;
    const trust = { id: terms.id, direction: terms.direction, until: terms.until, people };
    if (terms.direction !== 'both' && terms.direction !== outward) {
      return { way: 'none', over: [], because: `the trust ${terms.id} lets only ${to} write to ${from}`, trust };
    }
    const who = people === 0 ? '' : ' for the people it names';
    return { way: 'direct', over: [from, to], because: `the trust ${terms.id}${who}`, trust };
  }

  #tierOf(realm: RealmName): Tier {
    const { lineage, ledger } = this.#parts;
    return [...lineage, ...ledger.realms()].find((known) => known.realm === realm)?.tier ?? 'branch';
  }

  #certificateOf(realm: RealmName): ReachRow['certified'] {
    const known = this.#parts.ledger.realms().find((one) => one.realm === realm);
    if (!known || !isWithin(realm, known.issuer)) return [];
    return [{ realm, issuer: known.issuer, notAfter: endOf(known.chain) }];
  }
}

/** 0 for a chain that can't be read. */
function endOf(chain: Uint8Array): number {
  try {
    const [authority] = decodeChain(chain);
    return authority ? parseCertificate(authority).notAfter : 0;
  } catch {
    return 0;
  }
}
