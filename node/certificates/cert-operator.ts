// What the operator may do with certificates over the control socket; node/admin/cert-api.ts has the routes.
import { decodeSignedCrl } from '../../src/pki/revocations.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { RealmName, Role } from '../../src/realm/names.ts';
import type { DataDirectory } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import { CERT_REQUESTS } from '../admin/cert-api.ts';
import { type PartRoutes, partRoute } from '../admin/server.ts';
import type { Audit } from '../audit/audit.ts';
import type { Authority } from '../authority/authority.ts';
import type { ReplacedAuthorities } from '../authority/replaced-authorities.ts';
import type { AuthorityReplacement } from '../authority/replacement.ts';
import type { AuthorityRenewal } from '../authority-renewal.ts';
import type { NodeCharter } from '../charter.ts';
import type { LeafRenewal } from '../leaf-renewal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RevocationService } from '../revocations/revocation-service.ts';
import { type Forecast, type ForecastParts, forecast, forecastWarnings } from './forecast.ts';

export interface CertOperatorComponents {
  readonly realm: { readonly realm: RealmName; readonly programs: readonly Role[] };
  readonly directory: DataDirectory;
  readonly authority: Pick<Authority, 'chain' | 'oldChain' | 'createOwnRenewal'>;
  readonly revocations: Pick<RevocationService, 'plan' | 'revoke'>;
  readonly charter: Pick<NodeCharter, 'isRevoked' | 'crls'>;
  readonly ledger: Pick<Ledger, 'realms'>;
  readonly replacement: Pick<
    AuthorityReplacement,
    'replace' | 'hurry' | 'request' | 'accept' | 'planRetirement' | 'retire' | 'takeRootList'
  >;
  readonly replaced: Pick<ReplacedAuthorities, 'has'>;
  readonly authorityRenewal: Pick<AuthorityRenewal, 'renewNow' | 'accept' | 'lastError'>;
  readonly renewal: Pick<LeafRenewal, 'renewNow' | 'replaceKey' | 'lastError'>;
  /** Certificates of the LAN's TLS. */
  readonly lan: () => Promise<ForecastParts['lan']>;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now'>;
}

export class CertOperator {
  readonly #parts: CertOperatorComponents;

  constructor(components: CertOperatorComponents) {
    this.#parts = components;
  }

  get routes(): PartRoutes {
    const { revocations, authority, replacement } = this.#parts;
    const { plan, revoke, accept, replaceKey, empty, request, atOnce, retire, rootList } = CERT_REQUESTS;
    return {
      'GET /v1/certificates': () => this.#listed(),
      'GET /v1/certificates/lists': async () => ({ lists: this.#lists() }),
      'POST /v1/certificates/plan': partRoute(plan, ({ target }) => revocations.plan(plainTarget(target))),
      'POST /v1/certificates/revoke': partRoute(revoke, ({ target, reason }) =>
        revocations.revoke(plainTarget(target), reason),
      ),
      'POST /v1/certificates/renew': partRoute(empty, () => this.#renew()),
      'POST /v1/certificates/replace-key': partRoute(replaceKey, async ({ role }) => {
        await this.#parts.renewal.replaceKey(role);
        await this.#parts.audit.record({ code: 'key-replaced', fields: { role } });
        return this.#listed();
      }),
      'POST /v1/certificates/request': partRoute(request, async ({ newKey }) => ({
        request: Buffer.from(await (newKey ? replacement.request() : authority.createOwnRenewal())).toString('base64'),
      })),
      'POST /v1/certificates/accept': partRoute(accept, ({ reply, atOnce }) =>
        this.#accept(new Uint8Array(Buffer.from(reply, 'base64')), atOnce),
      ),
      'POST /v1/certificates/replace-authority': partRoute(atOnce, async (given) => {
        await replacement.replace(given.atOnce);
        return this.#listed();
      }),
      'POST /v1/certificates/move-now': partRoute(empty, async () => {
        await replacement.hurry();
        return this.#listed();
      }),
      'POST /v1/certificates/root-list': partRoute(rootList, async ({ list }) => {
        await replacement.takeRootList(new Uint8Array(Buffer.from(list, 'base64')));
        return this.#listed();
      }),
      'POST /v1/certificates/plan-retirement': partRoute(empty, () => replacement.planRetirement()),
      'POST /v1/certificates/retire': partRoute(retire, ({ reason }) => replacement.retire(reason)),
    };
  }

  async forecast(): Promise<Forecast[]> {
    const { realm: file, directory, authority, charter, ledger, lan, clock, replaced } = this.#parts;
    const { renewal, authorityRenewal } = this.#parts;
    const { realm, programs } = file;
    const leaves = await Promise.all(programs.map(async (role) => ({ role, chain: await readChain(directory[role]) })));
    return forecast({
      realm,
      authority: authority.chain,
      old: authority.oldChain,
      isReplaced: (name, key) => replaced.has(name, key),
      leaves,
      lan: await lan(),
      others: ledger.realms(),
      lastErrors: { authority: authorityRenewal.lastError, leaf: renewal.lastError },
      isRevoked: (serial, issuer) => charter.isRevoked(serial, issuer),
      now: clock.now(),
    });
  }

  /** For `status`. */
  async warnings(): Promise<string[]> {
    return forecastWarnings(await this.forecast(), this.#parts.realm.realm, this.#parts.clock.now());
  }

  async #listed(): Promise<{ certificates: Forecast[] }> {
    return { certificates: await this.forecast() };
  }

  /** A region's authority has nobody to ask: its leaves alone are renewed. */
  async #renew(): Promise<{ certificates: Forecast[] }> {
    const { authorityRenewal, renewal, authority } = this.#parts;
    const hasParent = authority.chain.length > 2;
    if (hasParent) await authorityRenewal.renewNow();
    await renewal.renewNow();
    return this.#listed();
  }

  /** For the key that is being made, or for the present one. */
  async #accept(reply: Uint8Array, atOnce: boolean): Promise<{ certificates: Forecast[] }> {
    const { replacement, authorityRenewal } = this.#parts;
    if (!(await replacement.accept(reply, atOnce))) await authorityRenewal.accept(reply);
    return this.#listed();
  }

  #lists(): string[] {
    return this.#parts.charter.crls().map((list) => Buffer.from(decodeSignedCrl(list).crl).toString('base64'));
  }
}

type GivenTarget =
  | Parameters<RevocationService['plan']>[0]
  | { kind: 'realm'; realm: RealmName; role?: Role | undefined };

function plainTarget(target: GivenTarget): Parameters<RevocationService['plan']>[0] {
  if (target.kind !== 'realm') return target;
  const { kind, realm, role } = target;
  return role === undefined ? { kind, realm } : { kind, realm, role };
}
