// Which realms are gone for good, and who keeps the order of their groups now. Only a realm above both says so, in its network chain;
// nothing is ever decided by how long a realm was away.
import {
  decodeRetirement,
  encodeRetirement,
  REALM_RETIRED,
  type Retirement,
} from '../../src/protocols/order/retirement.ts';
import { codeOf, InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { isWithin, type RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import type { Fact, Ledger } from '../ledger/ledger.ts';

export interface RetirementComponents {
  readonly realm: RealmName;
  readonly ledger: Pick<Ledger, 'append' | 'realms'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly log: Log;
}

/** As many retirements may follow one another for one group; more are a circle. */
const MAX_STEPS = 16;

export class Retirements {
  readonly #parts: RetirementComponents;
  readonly #successors = new Map<
    RealmName,
    { readonly by: RealmName; readonly n: number; readonly successor: RealmName }
  >();

  constructor(parts: RetirementComponents) {
    this.#parts = parts;
  }

  /** Resolves when what the ledger has on disk is read; later entries count as they come. */
  async follow(ledger: Pick<Ledger, 'watch'>): Promise<void> {
    await ledger.watch(REALM_RETIRED, (fact) => this.#take(fact));
  }

  /** Who keeps the order of groups that began at that realm. */
  homeOf(realm: RealmName): RealmName {
    let home = realm;
    for (let step = 0; step < MAX_STEPS; step++) {
      const next = this.#successors.get(home)?.successor;
      if (next === undefined || next === realm) return home;
      home = next;
    }
    return home;
  }

  isRetired(realm: RealmName): boolean {
    return this.#successors.has(realm);
  }

  /** Resolves once it is in the own chain. @throws InputError `not-below`, `realm-unknown`, `successor-wrong` */
  async retire(wish: Retirement, { dryRun }: { readonly dryRun: boolean }): Promise<Retirement> {
    const { realm, successor } = wish;
    const { realm: self, ledger, audit } = this.#parts;
    for (const one of [realm, successor]) {
      if (!isWithin(one, self)) throw new InputError('not-below', `${one} is not below ${self}`);
      if (one !== self && !ledger.realms().some((known) => known.realm === one)) {
        throw new InputError('realm-unknown', `No realm ${one} was ever certified here`);
      }
    }
    if (realm === self) throw new InputError('not-below', 'A realm is retired by one above it');
    if (this.homeOf(successor) === realm || successor === realm || this.isRetired(successor)) {
      throw new InputError('successor-wrong', `${successor} is retired itself`);
    }
    if (dryRun) return wish;
    await ledger.append({ chain: 'network', kind: REALM_RETIRED, payload: encodeRetirement(wish) });
    await audit.record({ code: 'realm-retired', actor: 'operator', fields: { realm, successor } });
    return wish;
  }

  #take({ realm: by, n, payload }: Fact): void {
    try {
      const { realm, successor } = decodeRetirement(payload);
      // A realm speaks for those below it, and never for itself.
      if (realm === by || !isWithin(realm, by) || !isWithin(successor, by)) return;
      const before = this.#successors.get(realm);
      // The nearer to the root, the more it counts; of one realm the newest.
      if (before && before.by !== by && isWithin(by, before.by)) return;
      if (before && before.by === by && before.n > n) return;
      this.#successors.set(realm, { by, n, successor });
    } catch (error) {
      this.#parts.log.warn({ realm: by, n, code: codeOf(error) }, 'retirement passed over');
    }
  }
}
