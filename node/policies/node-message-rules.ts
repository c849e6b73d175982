// Who may write to whom: the policy on destinations, and the scope of a trust. Asked when a message is accepted from a client, and
// again when one comes in from another realm, whose own node may see things otherwise.
//
// Where there is a trust between two realms it is the law between them: what it does not cover is refused, by whichever way it
// comes. Where there is none, mail goes from tier to tier. Receipts are no messages: they go back wherever messages came from.
import type { Terms } from '../../src/protocols/trust/index.ts';
import { covers, directionFor } from '../../src/protocols/trust/scope.ts';
import { LocalError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { MessageRules } from '../conversations/message-rules.ts';
import type { Met, UserProfile } from '../directory/directory.ts';
import type { TrustTable } from '../trusts/trust-table.ts';
import type { Policies } from './policies.ts';

export class NodeMessageRules implements MessageRules {
  readonly #self: RealmName;
  readonly #policies: Pick<Policies, 'forbids'>;
  readonly #trusts: Pick<TrustTable, 'termsWith'>;

  constructor(self: RealmName, policies: Pick<Policies, 'forbids'>, trusts: Pick<TrustTable, 'termsWith'>) {
    this.#self = self;
    this.#policies = policies;
    this.#trusts = trusts;
  }

  outgoing(from: UserProfile, to: UserProfile): string | undefined {
    if (this.#policies.forbids('destinations', to.home) !== undefined) return 'destination-forbidden';
    const terms = this.#trusts.termsWith(to.home);
    return !terms || covers(terms, from.address, to.address) ? undefined : 'trust-scope';
  }

  incoming(sender: UserProfile | Met, origin: RealmName, to: UserProfile): string | undefined {
    const terms = this.#trusts.termsWith(origin);
    if (!terms) return undefined;
    if (sender && sender !== 'nobody') return covers(terms, sender.address, to.address) ? undefined : 'trust-scope';
    if (directionFor(terms, this.#self) === 'outward') return 'trust-scope';
    if (!namesSenders(terms, origin)) return coversRecipient(terms, this.#self, to) ? undefined : 'trust-scope';
    // Somebody who is not there any more would else hold up for ever what all others there have written.
    if (sender === 'nobody') return 'trust-scope';
    throw new LocalError('sender-unresolved', `who writes from ${origin} is not known yet`);
  }
}

function namesSenders({ proposer, proposerPeople, accepterPeople }: Terms, origin: RealmName): boolean {
  return (origin === proposer ? proposerPeople : accepterPeople).length > 0;
}

function coversRecipient(
  { proposer, proposerPeople, accepterPeople }: Terms,
  self: RealmName,
  to: UserProfile,
): boolean {
  const people = self === proposer ? proposerPeople : accepterPeople;
  return people.length === 0 || people.includes(to.address.login);
}
