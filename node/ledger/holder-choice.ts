// Chooses at which holder each chain is followed: the best one that answers. Pure: whoever keeps the streams tells what became of them.
import { type ChainId, chainName } from '../../src/protocols/ledger/entry.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { RealmName } from '../../src/realm/names.ts';

/** A holder that nobody has tried yet is waited for; one that failed is not. */
type State = 'up' | 'down';

/** Streams to holders at once; further realms are reached through these. */
const MAX_HOLDERS = 256;
/** Milliseconds for which a holder is passed over for a chain. */
const DEMOTED_FOR = 10 * 60 * 1000;

export class HolderChoice {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #holdersOf: (id: ChainId) => readonly RealmName[];
  readonly #states = new Map<RealmName, State>();
  /** By chain and holder: until when. */
  readonly #demoted = new Map<string, number>();
  readonly #preferred = new Map<string, RealmName>();
  /** Chains that a holder which answers does not have. */
  readonly #lacking = new Map<RealmName, Set<string>>();

  constructor(clock: Pick<Clock, 'monotonic'>, holdersOf: (id: ChainId) => readonly RealmName[]) {
    this.#clock = clock;
    this.#holdersOf = holdersOf;
  }

  isUp(holder: RealmName): boolean {
    return this.#states.get(holder) === 'up';
  }

  opened(holder: RealmName): void {
    this.#states.set(holder, 'up');
  }

  /** True when that is news: then others are to be asked. */
  failed(holder: RealmName): boolean {
    const isNews = this.#states.get(holder) !== 'down' || this.#lacking.has(holder);
    this.#states.set(holder, 'down');
    this.#lacking.delete(holder);
    return isNews;
  }

  forget(holder: RealmName): void {
    this.#states.delete(holder);
    this.#lacking.delete(holder);
  }

  /** Notes that the holder does not have the chain; true when that is news. */
  lacks(id: ChainId, holder: RealmName): boolean {
    const lacking = this.#lacking.get(holder) ?? new Set();
    this.#lacking.set(holder, lacking);
    const isNews = !lacking.has(chainName(id));
    lacking.add(chainName(id));
    return isNews;
  }

  /** Notes that it has the chain by now; true when that is news: then nobody else needs to be asked. */
  has(id: ChainId, holder: RealmName): boolean {
    return this.#lacking.get(holder)?.delete(chainName(id)) ?? false;
  }

  demote(id: ChainId, holder: RealmName): void {
    this.#demoted.set(`${chainName(id)} ${holder}`, this.#clock.monotonic() + DEMOTED_FOR);
  }

  prefer(id: ChainId, holder: RealmName): void {
    this.#preferred.set(chainName(id), holder);
  }

  /** Who is to be asked, and for what; those who failed are there for nothing but to be tried again. */
  plan(wanted: readonly ChainId[]): Map<RealmName, ChainId[]> {
    const plan = new Map<RealmName, ChainId[]>();
    for (const id of wanted) this.#planChain(id, plan);
    return plan;
  }

  #planChain(id: ChainId, plan: Map<RealmName, ChainId[]>): void {
    const name = chainName(id);
    const preferred = this.#preferred.get(name);
    if (preferred) add(plan, preferred, id);
    const all = this.#holdersOf(id);
    const trusted = this.#demoted.size === 0 ? all : all.filter((holder) => !this.#isDemoted(name, holder));
    // A doubtful holder is better than none: what it shows must stand all the same.
    for (const holder of trusted.length > 0 ? trusted : all) {
      if (!plan.has(holder) && plan.size >= MAX_HOLDERS) continue;
      if (this.#states.get(holder) === 'down') {
        add(plan, holder);
        continue;
      }
      add(plan, holder, id);
      if (!this.#lacking.get(holder)?.has(name)) return;
    }
  }

  #isDemoted(name: string, holder: RealmName): boolean {
    const which = `${name} ${holder}`;
    const until = this.#demoted.get(which);
    if (until === undefined) return false;
    if (this.#clock.monotonic() < until) return true;
    this.#demoted.delete(which);
    return false;
  }
}

function add(plan: Map<RealmName, ChainId[]>, holder: RealmName, id?: ChainId): void {
  const ids = plan.get(holder) ?? [];
  if (id) ids.push(id);
  plan.set(holder, ids);
}
