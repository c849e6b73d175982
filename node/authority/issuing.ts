// What the authority signs for others: certificates of leaves and of realms below, and revocation lists, each in the register before
// anybody gets it.
//
// A renewal whose certificate is revoked meanwhile: whether it was is asked once more as the signing begins, and whoever revokes waits
// until what had begun before is in the register (`settled`), and revokes that as well.
import { type CheckedAuthority, checkAuthorities } from '../../src/pki/authority-path.ts';
import type { Chain } from '../../src/pki/chain.ts';
import { createCrl, type RevokedCertificate } from '../../src/pki/crl.ts';
import type { CertificateRequest } from '../../src/pki/csr.ts';
import type { KeyName, Signer } from '../../src/pki/keys.ts';
import type { HeldCertificate } from '../../src/pki/renewal.ts';
import type { SignedCrl } from '../../src/pki/revocations.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { LocalError, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName, Role, Tier } from '../../src/realm/names.ts';
import type { AuthorityKeys } from './authority-keys.ts';

/** A certificate that this authority has made; for the ledger and the audit. */
export interface Certified {
  readonly kind: 'authority' | Role;
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly chain: Chain;
  /** What was shown for it, when it is a renewal. */
  readonly renews?: HeldCertificate;
}

/** Milliseconds that new certificates are valid. */
export interface Lifetimes {
  readonly authority: number;
  readonly leaf: number;
}

export interface IssuingComponents {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  isRevoked?(serial: string, issuer: KeyName): boolean;
  /** Awaited before anyone gets the certificate. */
  onCertified?(certified: Certified): Promise<void>;
}

export interface LeafOptions {
  readonly role: Role;
  readonly publicKey: Uint8Array;
  readonly realm: RealmName;
  readonly tier: Tier;
  /** The certificate of the same program that this one follows. */
  readonly renews?: HeldCertificate;
}

export interface AuthorityOptions {
  readonly realm: RealmName;
  readonly tier: Tier;
  /** SPKI, P-256. */
  readonly publicKey: Uint8Array;
  readonly renews?: HeldCertificate;
}

interface IssuerParts {
  readonly signer: Signer;
  readonly chain: Chain;
  readonly now: number;
}

export class Issuing {
  readonly #components: IssuingComponents;
  readonly #keys: AuthorityKeys;
  readonly #lifetimes: Lifetimes | undefined;
  /** Being signed or registered. */
  readonly #underWay = new Set<Promise<unknown>>();

  /** @param lifetimes those of src/pki/profile.ts when absent */
  constructor(components: IssuingComponents, keys: AuthorityKeys, lifetimes: Lifetimes | undefined) {
    this.#components = components;
    this.#keys = keys;
    this.#lifetimes = lifetimes;
  }

  /** @throws RefusedError `cert-revoked`; InputError `may-not-issue` */
  leaf({ role, publicKey, realm, tier, renews }: LeafOptions): Promise<Chain> {
    const lifetime = this.#lifetimes?.leaf;
    return this.#issue({ kind: role, realm, tier, ...(renews && { renews }) }, async (issuer) => {
      // The library that writes certificates is loaded when the first one is written: most starts write none.
      const { issueLeaf } = await import('../../src/pki/issue.ts');
      return issueLeaf({ ...issuer, realm, tier, role, publicKey, ...(lifetime && { lifetime }) });
    });
  }

  /** @throws as `leaf` */
  authority({ realm, tier, publicKey, renews }: AuthorityOptions): Promise<Chain> {
    const lifetime = this.#lifetimes?.authority;
    return this.#issue({ kind: 'authority', realm, tier, ...(renews && { renews }) }, async (issuer) => {
      const { issueAuthority } = await import('../../src/pki/issue.ts');
      return issueAuthority({ ...issuer, realm, tier, publicKey, ...(lifetime && { lifetime }) });
    });
  }

  /** What a request asks for. @throws as `leaf`; RefusedError `csr-malformed` */
  async certify({ subject, spki, publicKey }: CertificateRequest, renews?: HeldCertificate): Promise<Chain> {
    const { realm, tier, kind } = subject;
    const shown = renews ? { renews } : {};
    if (kind === 'authority') return this.authority({ realm, tier, publicKey: spki, ...shown });
    if (!publicKey) throw new RefusedError('csr-malformed', `the request for the ${kind} ${realm} has no Ed25519 key`);
    return this.leaf({ role: kind, publicKey, realm, tier, ...shown });
  }

  /** @throws RefusedError `crl-full`, `authority-retired` */
  async crl(revoked: readonly RevokedCertificate[], number: number, issuer: KeyName): Promise<SignedCrl> {
    const { signer, chain } = this.#keys.of(issuer);
    const own = firstOf(chain);
    const { notAfter: nextUpdate } = own.certificate;
    const crl = { number, thisUpdate: this.#components.clock.now(), nextUpdate, revoked };
    return this.#whileUnderWay(createCrl(crl, own, signer).then((bytes) => ({ crl: bytes, chain })));
  }

  /** Resolves when everything that was begun before is in the register of what was issued, or refused. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #issue(what: Omit<Certified, 'chain'>, make: (issuer: IssuerParts) => Promise<Chain>): Promise<Chain> {
    const { renews } = what;
    if (renews && this.#components.isRevoked?.(renews.serial, renews.issuer))
      throw new RefusedError('cert-revoked', `the certificate of the ${what.kind} of ${what.realm} was revoked`);
    const { signer, chain } = this.#keys.present;
    const made = make({ signer, chain, now: this.#components.clock.now() });
    return this.#whileUnderWay(made.then((certificate) => this.#announce({ ...what, chain: certificate })));
  }

  async #whileUnderWay<T>(act: Promise<T>): Promise<T> {
    this.#underWay.add(act);
    try {
      return await act;
    } finally {
      this.#underWay.delete(act);
    }
  }

  async #announce(certified: Certified): Promise<Chain> {
    await this.#components.onCertified?.(certified);
    const { kind, realm, tier } = certified;
    this.#components.log.info({ kind, realm, tier }, 'certificate issued');
    return certified.chain;
  }
}

function firstOf(chain: Chain): CheckedAuthority {
  const [own] = checkAuthorities(chain);
  if (own) return own;
  throw new LocalError('authority-stopped', 'the authority of this realm has no certificate');
}
