// Certificates in life: who renews them, who revokes them, and what the operator is told of them.
import { parseCertificate } from '../src/pki/certificate.ts';
import { readPem } from '../src/pki/pem.ts';
import { readOptional } from '../src/settings/data-directory.ts';
import type { Authority } from './authority/authority.ts';
import type { IssuedStore } from './authority/issued-store.ts';
import type { AuthorityRenewalComponents } from './authority-renewal.ts';
import { AuthorityRenewal } from './authority-renewal.ts';
import { CertOperator } from './certificates/cert-operator.ts';
import type { ForecastParts } from './certificates/forecast.ts';
import type { Directory } from './directory/directory.ts';
import type { Ground } from './ground.ts';
import { LeafRenewal } from './leaf-renewal.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Surroundings } from './revocations/blast-radius.ts';
import { RevocationService } from './revocations/revocation-service.ts';

export interface CertificateNeeds {
  readonly authority: Authority;
  readonly issued: IssuedStore;
  readonly ledger: Ledger;
  readonly directory: Pick<Directory, 'list'>;
  readonly paths: () => Surroundings['paths'];
  readonly relays: AuthorityRenewalComponents['relays'];
}

export interface OpenedCertificates {
  readonly renewal: LeafRenewal;
  readonly authorityRenewal: AuthorityRenewal;
  readonly certificates: CertOperator;
}

export function openCertificates(ground: Ground, needs: CertificateNeeds): OpenedCertificates {
  const { directory, realm, identity, clock, log, charter, audit } = ground;
  const { authority, issued, ledger, relays } = needs;
  const shared = { directory, realm, authority, clock, log };
  const renewal = new LeafRenewal({ ...shared, identity, isRevoked: ground.isRevoked }, realm.programs);
  const onRenewed = (): Promise<void> => renewal.lookNow();
  const authorityRenewal = new AuthorityRenewal({ ...shared, relays, onRenewed });
  const around = (): Omit<Surroundings, 'own'> => ({
    known: ledger.realms().map((certified) => certified.realm),
    users: needs.directory.list().map(({ address }) => ({ realm: address.realm })),
    paths: needs.paths(),
  });
  const revocations = new RevocationService({
    realm: realm.realm,
    authority,
    issued,
    ledger,
    charter,
    around,
    audit,
    clock,
    log,
  });
  const lan = (): Promise<ForecastParts['lan']> => lanCertificates(ground);
  const certificates = new CertOperator({
    ...shared,
    revocations,
    charter,
    ledger,
    authorityRenewal,
    renewal,
    lan,
    audit,
  });
  return { renewal, authorityRenewal, certificates };
}

/** The LAN's authority, when it is ours, and what browsers are shown. */
async function lanCertificates({ directory, settings }: Ground): Promise<ForecastParts['lan']> {
  if (settings.lan.scheme === 'http') return [];
  const [served, authority] = await Promise.all([firstOf(directory.lan.chain), firstOf(directory.lan.authority)]);
  const isOurs = served !== undefined && authority !== undefined && issued(served, authority);
  return [
    ...(isOurs ? [{ kind: 'lan-authority', der: authority, isOurs } as const] : []),
    ...(served ? [{ kind: 'lan', der: served, isOurs } as const] : []),
  ];
}

async function firstOf(path: string): Promise<Uint8Array | undefined> {
  const [first] = readPem('CERTIFICATE', (await readOptional(path)) ?? '');
  return first;
}

function issued(leaf: Uint8Array, authority: Uint8Array): boolean {
  return parseCertificate(leaf).openssl.checkIssued(parseCertificate(authority).openssl);
}
