// Asks the own relay to keep links to all realms that this one may reach, as the ledger certifies them, and to those with which
// there is a trust: a first message then finds a path that is there already and as direct as it gets.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { mayConnect } from '../src/overlay/scope.ts';
import type { RealmName, Tier } from '../src/realm/names.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { TrustTable } from './trusts/trust-table.ts';

export interface KeptLinksComponents {
  readonly network: Pick<NodeOverlay, 'keep'>;
  readonly ledger: Pick<Ledger, 'realms' | 'onRealm'>;
  readonly trusts: Pick<TrustTable, 'partners' | 'onChange'>;
  /** This realm and those above it, nearest first. */
  readonly lineage: readonly { readonly realm: RealmName; readonly tier: Tier }[];
}

export class KeptLinks {
  readonly #components: KeptLinksComponents;
  #unsubscribe: readonly (() => void)[] = [];

  constructor(components: KeptLinksComponents) {
    this.#components = components;
  }

  start(): void {
    const { ledger, trusts } = this.#components;
    this.#unsubscribe = [ledger.onRealm(() => this.#keep()), trusts.onChange(() => this.#keep())];
    this.#keep();
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #keep(): void {
    const { network, ledger, trusts, lineage } = this.#components;
    const [own] = lineage;
    if (!own) return;
    const kin = [...lineage, ...ledger.realms()].filter(
      (other) => other.realm !== own.realm && mayConnect({ ...own, role: 'node' }, { ...other, role: 'node' }),
    );
    network.keep([...new Set([...kin.map(({ realm }) => realm), ...trusts.partners()])]);
  }
}
