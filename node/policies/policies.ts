// The policies that hold for this realm: its own and those of the realms above it, from their network chains.
import {
  decodePolicy,
  encodePolicy,
  type Hideable,
  isTime,
  type LimitName,
  limitOf,
  MAX_VALUES,
  matches,
  type PatternName,
  POLICY,
  POLICY_NAMES,
  type PolicyName,
  parsePolicyName,
  parseValues,
} from '../../src/protocols/policy/index.ts';
import { codeOf, InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { ancestorsOf, isWithin, type RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import type { Fact, Ledger } from '../ledger/ledger.ts';

export interface PoliciesComponents {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly log: Log;
}

/** What one realm of the lineage says. */
export interface PolicyRule {
  readonly realm: RealmName;
  readonly values: readonly string[];
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface PolicyView {
  readonly name: PolicyName;
  /** This realm first. Empty: everything is allowed. */
  readonly rules: readonly PolicyRule[];
}

export class Policies {
  readonly #self: RealmName;
  readonly #parts: PoliciesComponents;
  /** By realm and name. */
  readonly #rules = new Map<string, PolicyRule & { readonly n: number }>();

  constructor(self: RealmName, components: PoliciesComponents) {
    this.#self = self;
    this.#parts = components;
  }

  /** Resolves when what the ledger has on disk is read; later entries count as they come. */
  async follow(ledger: Pick<Ledger, 'watch'>): Promise<void> {
    await ledger.watch(POLICY, (fact) => this.#take(fact));
  }

  list(): PolicyView[] {
    return POLICY_NAMES.map((name) => this.get(name));
  }

  get(name: PolicyName): PolicyView {
    const lineage = [this.#self, ...ancestorsOf(this.#self)];
    const rules = lineage.flatMap((realm) => {
      const rule = this.#rules.get(`${realm} ${name}`);
      return rule && rule.values.length > 0 ? [{ realm, values: rule.values, since: rule.since }] : [];
    });
    return { name, rules };
  }

  /** Of this realm, and so of all below it. No values: none. @throws InputError `policy-unknown`, `bad-realm-pattern`, `bad-limit` */
  async set(text: string, values: readonly string[]): Promise<PolicyView> {
    const name = parsePolicyName(text);
    if (values.length > MAX_VALUES)
      throw new InputError('policy-too-long', `a policy has at most ${MAX_VALUES} values`);
    const parsed = parseValues(name, values);
    const payload = encodePolicy({ name, values: parsed });
    await this.#parts.ledger.append({ chain: 'network', kind: POLICY, payload });
    const said = parsed.join(' ').slice(0, 200);
    await this.#parts.audit.record({ code: 'policy-set', actor: 'operator', fields: { name, values: said } });
    return this.get(name);
  }

  /** The realm of the lineage that forbids it; undefined when it is allowed. */
  forbids(name: PatternName, realm: RealmName): RealmName | undefined {
    if (realm === this.#self) return undefined;
    return this.get(name).rules.find(({ values }) => !values.some((pattern) => matches(pattern, realm)))?.realm;
  }

  /**
   * The least that the lineage sets; a size that isn't understood allows nothing, a time that isn't understood erases nothing.
   * Undefined where none sets any.
   */
  limit(name: LimitName): number | undefined {
    const read = this.get(name).rules.map(({ values: [value = ''] }) => limitOf(name, value));
    const limits = read.flatMap((limit) => limit ?? (isTime(name) ? [] : 0));
    return limits.length === 0 ? undefined : Math.min(...limits);
  }

  /** Whether any realm of the lineage hides it. */
  hides(what: Hideable): boolean {
    return this.get('hidden').rules.some(({ values }) => values.includes(what));
  }

  #take({ realm, n, time, payload }: Fact): void {
    if (!isWithin(this.#self, realm)) return;
    try {
      const { name, values } = decodePolicy(payload);
      const before = this.#rules.get(`${realm} ${name}`);
      if (!before || before.n < n) this.#rules.set(`${realm} ${name}`, { realm, values, since: time, n });
    } catch (error) {
      this.#parts.log.warn({ realm, n, code: codeOf(error) }, 'policy entry passed over');
    }
  }
}
