// Certificates in life: who renews them, who revokes them, and what the operator is told of them.
import { parseCertificate } from '../src/pki/certificate.ts';
import { decodeChain } from '../src/pki/chain.ts';
import { readPem } from '../src/pki/pem.ts';
import { serialsIn } from '../src/pki/revocations.ts';
import type { RealmName } from '../src/realm/names.ts';
import { readOptional } from '../src/settings/data-directory.ts';
import type { Authority } from './authority/authority.ts';
import type { IssuedStore } from './authority/issued-store.ts';
import { ReplacedAuthorities } from './authority/replaced-authorities.ts';
import { AuthorityReplacement } from './authority/replacement.ts';
import type { AuthorityRenewalComponents } from './authority-renewal.ts';
import { AuthorityRenewal } from './authority-renewal.ts';
import { CertOperator } from './certificates/cert-operator.ts';
import type { ForecastParts } from './certificates/forecast.ts';
import type { Directory } from './directory/directory.ts';
import type { Ground } from './ground.ts';
import { LeafRenewal } from './leaf-renewal.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LedgerService } from './ledger/ledger-service.ts';
import type { KnownRealm, Surroundings } from './revocations/blast-radius.ts';
import { RevocationService } from './revocations/revocation-service.ts';

export interface CertificateNeeds {
  readonly authority: Authority;
  readonly issued: IssuedStore;
  readonly ledger: Ledger & Pick<LedgerService, 'introduceKeys'>;
  readonly directory: Pick<Directory, 'list'>;
  readonly paths: () => Surroundings['paths'];
  readonly relays: AuthorityRenewalComponents['relays'];
  /** Has the present authority say whose identities are whose. */
  readonly restate: () => Promise<void>;
  /** The chain of the node's leaf that a realm's network chain has introduced last. */
  readonly nodeChain: (realm: RealmName) => Promise<Uint8Array | undefined>;
}

export interface OpenedCertificates {
  readonly renewal: LeafRenewal;
  readonly authorityRenewal: AuthorityRenewal;
  readonly replacement: AuthorityReplacement;
  readonly certificates: CertOperator;
}

export async function openCertificates(ground: Ground, needs: CertificateNeeds): Promise<OpenedCertificates> {
  const { directory, realm, identity, clock, log, charter, audit } = ground;
  const { authority, issued, ledger, relays } = needs;
  const shared = { directory, realm, authority, clock, log };
  /** Others judge by the new chain what the leaf signs; its relays hear of it by the list, and renew theirs. */
  const onMoved = async (): Promise<void> => {
    await ledger.introduceKeys();
    await needs.restate();
    await revocations.renewList();
  };
  const renewal = new LeafRenewal({ ...shared, identity, isRevoked: ground.isRevoked, onMoved }, realm.programs);
  const replaced = new ReplacedAuthorities({ realm: realm.realm, log });
  await replaced.follow(ledger);
  const authorityRenewal = new AuthorityRenewal({
    ...shared,
    relays,
    mustMove: (chain) => replaced.mustMove(chain),
    onRenewed: async () => {
      await renewal.lookNow();
      if (revocations.isListBehind()) await revocations.renewList();
    },
  });
  replaced.onChange(() => authorityRenewal.lookNow());
  charter.onChange(() => replacement.lookSoon());
  const around = async (): Promise<Omit<Surroundings, 'own' | 'issued'>> => ({
    known: await knownRealms(ground, needs),
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
  const replacement = new AuthorityReplacement({
    ...shared,
    revocations,
    replaced,
    ledger,
    ask: (makeRequest) => authorityRenewal.ask(makeRequest),
    onReplaced: () => renewal.lookNow(),
    isRevoked: ground.isRevoked,
    assertMayWrite: () => ground.permit.assert(),
    audit,
  });
  const lan = (): Promise<ForecastParts['lan']> => lanCertificates(ground);
  const certificates = new CertOperator({
    ...shared,
    revocations,
    charter,
    ledger,
    authorityRenewal,
    renewal,
    replacement,
    replaced,
    lan,
    audit,
  });
  return { renewal, authorityRenewal, replacement, certificates };
}

/** The own realm, as it stands at the moment, and all that the ledger knows. */
async function knownRealms({ realm, charter, identity }: Ground, needs: CertificateNeeds): Promise<KnownRealm[]> {
  const others = needs.ledger.realms().filter((one) => one.realm !== realm.realm);
  const nodes = await Promise.all(others.map(async (one) => needs.nodeChain(one.realm)));
  const known = others.map((one, index) => {
    const node = nodes[index];
    const authority = charter.certificatesOf(one.realm);
    return { realm: one.realm, authority, node: node && serialsIn(decodeChain(node)) };
  });
  const own = { authority: serialsIn(needs.authority.chain), node: serialsIn(identity.chain) };
  return [{ realm: realm.realm, ...own }, ...known];
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
