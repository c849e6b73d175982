// What a node follows for those below it. A partner of a trust may neither speak with the realms above its partner nor rely on
// the partner for its own revocation: it asks its parent, and the parent asks further up. So what a child asks for, and only
// those above can have, this node follows as well.
import { type ChainId, chainName } from '../../src/protocols/ledger/entry.ts';
import { ancestorsOf, isWithin, parentOf, type RealmName } from '../../src/realm/names.ts';

/** Chains of realms elsewhere: partners of trusts, and who stands above them. In memory; children ask again after a restart. */
const MAX_FOR_CHILDREN = 1024;
/** Of them for one child, so that none takes the room of the others. */
const MAX_FOR_ONE = 128;

export class ForChildren {
  readonly #realm: RealmName;
  readonly #chains = new Map<string, ChainId>();
  readonly #taken = new Map<RealmName, number>();

  constructor(realm: RealmName) {
    this.#realm = realm;
  }

  /** True when there is more to be followed now. */
  asked(child: RealmName, ids: readonly ChainId[]): boolean {
    if (parentOf(child) !== this.#realm) return false;
    const fresh = ids.filter((id) => this.#isAbroad(id) && !this.#chains.has(chainName(id)));
    const before = this.#taken.get(child) ?? 0;
    const taken = fresh.slice(0, Math.min(MAX_FOR_ONE - before, MAX_FOR_CHILDREN - this.#chains.size));
    this.#taken.set(child, before + taken.length);
    for (const id of taken) this.#chains.set(chainName(id), id);
    return taken.length > 0;
  }

  /** With what is wanted anyway, each once. */
  addedTo(wanted: readonly ChainId[]): ChainId[] {
    const names = new Set(wanted.map(chainName));
    return [...wanted, ...[...this.#chains.values()].filter((id) => !names.has(chainName(id)))];
  }

  /** A network chain of a realm below the same region that is neither above nor below this one. */
  #isAbroad({ realm: author, chain }: ChainId): boolean {
    const region = ancestorsOf(this.#realm).at(-1);
    if (region === undefined || chain !== 'network' || !isWithin(author, region)) return false;
    return !isWithin(author, this.#realm) && !isWithin(this.#realm, author);
  }
}
