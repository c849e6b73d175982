// The trusts of this realm as its acts and its answers to others see them: chain, proposals and notices together. It writes what
// was decided; who decides are trust-service.ts (the operator here) and trust-answers.ts (the other side).

import { relationOf } from '../../src/overlay/scope.ts';
import type { AgreementTrust } from '../../src/protocols/trust/agreement.ts';
import { encodeAgreement, encodeRemoval } from '../../src/protocols/trust/codec.ts';
import { type Agreement, type Terms, TRUST, TRUST_REMOVED, type TrustId } from '../../src/protocols/trust/index.ts';
import { partnerOf } from '../../src/protocols/trust/scope.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, InputError } from '../../src/realm/errors.ts';
import type { RealmName, Tier } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';
import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { StoredProposal, TrustStore } from './trust-store.ts';
import type { TrustTable } from './trust-table.ts';

export interface TrustBookComponents {
  readonly table: TrustTable;
  readonly store: TrustStore;
  readonly ledger: Pick<Ledger, 'append' | 'realms'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Clock;
  /** How chains are judged. */
  readonly trust: AgreementTrust;
}

export interface Place {
  readonly realm: RealmName;
  readonly tier: Tier;
}

export class TrustBook {
  readonly self: Place;
  readonly parts: TrustBookComponents;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(self: Place, components: TrustBookComponents) {
    this.self = self;
    this.parts = components;
  }

  now(): number {
    return this.parts.clock.now();
  }

  /** One change at a time: two acceptances must not both find that there is no trust yet. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act, act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** @throws InputError `own-realm`, `already-kin`, `another-root` */
  checkPartner(realm: RealmName): void {
    const { self } = this;
    if (realm === self.realm) throw new InputError('own-realm', `${realm} is this realm itself`);
    if (nextOnTree(self.realm, realm) === undefined) {
      throw new InputError('another-root', `${realm} is not below the same top realm as ${self.realm}`);
    }
    const tier = this.parts.ledger.realms().find((known) => known.realm === realm)?.tier ?? 'branch';
    const relation = relationOf(self, { realm, tier });
    if (relation === 'stranger') return;
    throw new InputError('already-kin', `${realm} needs no trust with ${self.realm}: it is its ${relation}`);
  }

  /** @throws ConflictError `trust-conflict` while a trust with that realm stands */
  checkFree(realm: RealmName): void {
    const standing = this.parts.table.own().find(({ agreement: { terms }, removal }) => {
      return !removal && terms.until > this.now() && partnerOf(terms, this.self.realm) === realm;
    });
    if (!standing) return;
    throw new ConflictError(
      'trust-conflict',
      `there is a trust with ${realm} already: ${standing.agreement.terms.id}`,
      {
        hint: `Remove it first: canopy trust remove ${realm}`,
      },
    );
  }

  async proposalsWith(realm: RealmName): Promise<StoredProposal[]> {
    const all = await this.parts.store.proposals();
    return all.filter(({ agreement: { terms } }) => partnerOf(terms, this.self.realm) === realm);
  }

  async keep(state: StoredProposal['state'], agreement: Agreement): Promise<void> {
    const bytes = encodeAgreement({ terms: agreement.terms, proposed: agreement.proposed });
    await this.parts.store.putProposal({ state, agreement, bytes, time: this.now() });
  }

  /** Writes what both have signed to the own chain: it is in force from then on. */
  async enter(agreement: Agreement): Promise<void> {
    const { ledger, table, store } = this.parts;
    const { id } = agreement.terms;
    if (!table.get(id)) await ledger.append({ chain: 'network', kind: TRUST, payload: encodeAgreement(agreement) });
    await table.settled();
    await store.dropProposal(id);
    await this.note('trust-made', agreement.terms);
  }

  /** For ever. `by` is whose will it was. */
  async end(id: TrustId, by: RealmName, terms?: Terms): Promise<void> {
    const { ledger, table, store } = this.parts;
    await store.dropProposal(id);
    if (table.isRemoved(id)) return;
    const payload = encodeRemoval({ id, realm: by, time: this.now() });
    await ledger.append({ chain: 'network', kind: TRUST_REMOVED, payload });
    await table.settled();
    if (terms) await this.note('trust-removed', terms, by);
  }

  note(code: AuditEvent['code'], terms: Terms, actor?: RealmName): Promise<void> {
    const { id, direction, from, until, proposerPeople, accepterPeople } = terms;
    const partner = partnerOf(terms, this.self.realm) ?? '';
    const people = proposerPeople.length + accepterPeople.length;
    const fields = { id, realm: partner, direction, from, until, people, proposer: terms.proposer };
    return this.parts.audit.record({ code, actor: actor ?? 'operator', fields });
  }
}
