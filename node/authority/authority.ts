// The realm's authority as the node uses it: certifies the realm's own leaves and the realms directly below, makes join tokens,
// answers enrolments and renewals. Its key is used by a signing process alone; this class knows the chain and the rules.
//
// A renewal whose certificate is revoked meanwhile: whether it was is asked once more as the signing begins, and whoever revokes waits
// until what had begun before is in the register (`settled`), and revokes that as well.
import { equals } from 'uint8arrays/equals';
import { type CheckedAuthority, checkAuthorities } from '../../src/pki/authority-path.ts';
import { type Chain, type Trust, type ValidatedAuthority, validateAuthority } from '../../src/pki/chain.ts';
import { createCrl, type RevokedCertificate } from '../../src/pki/crl.ts';
import { type CertificateRequest, createAuthorityCsr } from '../../src/pki/csr.ts';
import { acceptEnrolReply, encodeEnrolReply } from '../../src/pki/enrolment.ts';
import type { KeyName, Signer } from '../../src/pki/keys.ts';
import { childTiersOf } from '../../src/pki/profile.ts';
import {
  type CheckedRenewal,
  checkRenewRequest,
  createRenewRequest,
  type HeldCertificate,
  isRenewRequest,
} from '../../src/pki/renewal.ts';
import type { SignedCrl } from '../../src/pki/revocations.ts';
import type { Ancestor, JoinToken } from '../../src/pki/token.ts';
import { TokenRegistry, type TokenStore } from '../../src/pki/token-registry.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { codeOf, InputError, LocalError, PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName, Role, Tier } from '../../src/realm/names.ts';
import { AuthorityKeys, type KeyAndChain, nameOf } from './authority-keys.ts';
import type { SignerClient } from './signer-client.ts';

export interface AuthorityInit extends KeyAndChain {
  /** The one that it has replaced, until that is retired. */
  readonly old?: KeyAndChain | undefined;
  readonly rootFingerprint: string;
  /** Milliseconds that new certificates are valid; those of src/pki/profile.ts when absent. Shortened by tests only. */
  readonly lifetimes?: { readonly authority: number; readonly leaf: number };
}

/** A certificate that this authority has made; for the ledger and the audit. */
export interface Certified {
  readonly kind: 'authority' | Role;
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly chain: Chain;
  /** What was shown for it, when it is a renewal. */
  readonly renews?: HeldCertificate;
}

export interface AuthorityComponents {
  readonly tokens: TokenStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  isRevoked?(serial: string, issuer: KeyName): boolean;
  /** What speaks against a renewal that is in order by itself. */
  objectionTo?(asked: CheckedRenewal): Promise<RefusedError | undefined>;
  /** Awaited before anyone gets the certificate. */
  onCertified?(certified: Certified): Promise<void>;
  /** A refused enrolment or renewal, for the audit. */
  onRefused?(refusal: { code: string; realm: string; slot: string; tokenId: string }): void;
}

export interface InviteOptions {
  readonly realm: RealmName;
  readonly tier: Tier;
  /** Nearest first; this realm's own relays included. */
  readonly ancestors: readonly Ancestor[];
  /** Milliseconds; an hour when absent. */
  readonly ttl?: number;
}

/** A leaf of this realm, or with `realm` and `tier` the relay's of a realm directly below. */
interface LeafOptions {
  readonly role: Role;
  readonly publicKey: Uint8Array;
  readonly realm?: RealmName;
  readonly tier?: Tier;
  /** The certificate of the same program that this one follows. */
  readonly renews?: HeldCertificate;
}

interface AuthorityOptions {
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

const ANY_AGE = { grace: Number.MAX_SAFE_INTEGER, graceAbove: Number.MAX_SAFE_INTEGER };

export class Authority {
  readonly #init: AuthorityInit;
  readonly #components: AuthorityComponents;
  readonly #keys: AuthorityKeys;
  #started: { own: ValidatedAuthority; registry: TokenRegistry } | undefined;
  #renewing: Promise<unknown> = Promise.resolve();
  /** Being signed or registered. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(init: AuthorityInit, components: AuthorityComponents) {
    this.#init = init;
    this.#components = components;
    this.#keys = new AuthorityKeys(init, init.old, components.log);
  }

  /** @throws RefusedError `cert-…`; InputError `authority-key` when key and chain are no pair; LocalError `signer-failed` */
  async start(): Promise<void> {
    // An authority that is over still starts: it can then ask for its renewal.
    const own = await validateAuthority(this.chain, { ...this.#trust(), ...ANY_AGE });
    await this.#keys.start();
    if (!equals(own.spki, this.#keys.present.signer.publicKey)) {
      await this.#keys.stop();
      throw new InputError(
        'authority-key',
        `the key in ${this.#init.keyFile} is not that of the certificate of ${own.realm}`,
      );
    }
    const { tokens, clock, onRefused } = this.#components;
    const registry = new TokenRegistry({
      store: tokens,
      realm: own.realm,
      now: () => clock.now(),
      certify: (request) => this.#certify(request),
      ...(onRefused ? { onRefused } : {}),
    });
    this.#started = { own, registry };
  }

  async stop(): Promise<void> {
    this.#started = undefined;
    await this.#keys.stop();
  }

  /** Own certificate first, root last. */
  get chain(): Chain {
    return this.#keys.present.chain;
  }

  /** That of the authority which this one has replaced and which is not retired yet. */
  get oldChain(): Chain | undefined {
    return this.#keys.old?.chain;
  }

  /** How the signing process is cut off from the network: a phrase for `status`. */
  get isolation(): string {
    return this.#keys.present.signer.isolation;
  }

  /** @throws RefusedError `cert-revoked`; InputError `may-not-issue` */
  issueLeaf(options: LeafOptions): Promise<Chain> {
    const { own } = this.#running();
    const { role, publicKey, realm = own.realm, tier = own.tier, renews } = options;
    const lifetime = this.#init.lifetimes?.leaf;
    return this.#issue({ kind: role, realm, tier, ...(renews && { renews }) }, async (issuer) => {
      // The library that writes certificates is loaded when the first one is written: most starts write none.
      const { issueLeaf } = await import('../../src/pki/issue.ts');
      return issueLeaf({ ...issuer, realm, tier, role, publicKey, ...(lifetime && { lifetime }) });
    });
  }

  /** The authority of a realm directly below. @throws as `issueLeaf` */
  issueAuthority({ realm, tier, publicKey, renews }: AuthorityOptions): Promise<Chain> {
    this.#running();
    const lifetime = this.#init.lifetimes?.authority;
    return this.#issue({ kind: 'authority', realm, tier, ...(renews && { renews }) }, async (issuer) => {
      const { issueAuthority } = await import('../../src/pki/issue.ts');
      return issueAuthority({ ...issuer, realm, tier, publicKey, ...(lifetime && { lifetime }) });
    });
  }

  /** @throws RefusedError `may-not-issue` for a name or a tier that this realm cannot certify */
  async invite(options: InviteOptions): Promise<JoinToken> {
    const { own, registry } = this.#running();
    const isOwnRelay = options.realm === own.realm && options.tier === own.tier;
    if (!isOwnRelay && !childTiersOf(own.tier).includes(options.tier)) {
      throw new RefusedError('may-not-issue', `the ${own.tier} ${own.realm} cannot invite a ${options.tier}`);
    }
    return registry.create({ ...options, rootFingerprint: this.#init.rootFingerprint });
  }

  /** The reply's bytes for an enrolment request's, off the wire or out of a file. */
  async enrol(requestBytes: Uint8Array): Promise<Uint8Array> {
    return this.#running().registry.answer(requestBytes);
  }

  /** The reply's bytes for an enrolment's or a renewal's: they come through the same door, and as files. */
  answer(requestBytes: Uint8Array, maxAge?: number): Promise<Uint8Array> {
    return isRenewRequest(requestBytes) ? this.renew(requestBytes, maxAge) : this.enrol(requestBytes);
  }

  /** The reply's bytes for a renewal request's, which is no older than `maxAge` milliseconds. One after the other. */
  renew(requestBytes: Uint8Array, maxAge?: number): Promise<Uint8Array> {
    const reply = this.#renewing.then(() => this.#renew(requestBytes, maxAge));
    this.#renewing = reply.catch(() => {});
    return reply;
  }

  /** Resolves when everything that was begun before is in the register of what was issued, or refused. */
  async settled(): Promise<void> {
    await this.#renewing;
    await Promise.allSettled(this.#underWay);
  }

  async #renew(requestBytes: Uint8Array, maxAge?: number): Promise<Uint8Array> {
    this.#running();
    const time = this.#components.clock.now();
    try {
      const asked = await checkRenewRequest(requestBytes, this.#trust(), maxAge);
      const objection = await this.#components.objectionTo?.(asked);
      if (objection) throw objection;
      return encodeEnrolReply({ kind: 'ok', time, chain: await this.#certify(asked, asked.held) });
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof PeerError || error instanceof InputError)) throw error;
      this.#components.onRefused?.({ code: error.code, realm: '', slot: 'renewal', tokenId: '' });
      return encodeEnrolReply({ kind: 'refused', time, code: codeOf(error) });
    }
  }

  /** A signature over a statement of this realm, `canopy/<purpose>|…` in ASCII: what it vouches for beside certificates. */
  signStatement(statement: Uint8Array): Promise<Uint8Array> {
    this.#running();
    return this.#keys.present.signer.sign(statement);
  }

  /**
   * A revocation list by the key that has issued what it revokes, with its chain. `number` must be above that of its last one.
   * @throws RefusedError `crl-full`, `authority-retired`
   */
  async signCrl(
    revoked: readonly RevokedCertificate[],
    number: number,
    issuer = nameOf(this.chain),
  ): Promise<SignedCrl> {
    this.#running();
    const { signer, chain } = this.#keys.of(issuer);
    const own = firstOf(chain);
    const { notAfter: nextUpdate } = own.certificate;
    const crl = { number, thisUpdate: this.#components.clock.now(), nextUpdate, revoked };
    return this.#whileUnderWay(createCrl(crl, own, signer).then((bytes) => ({ crl: bytes, chain })));
  }

  /** The request by which this authority asks its parent for its next certificate, of the same key or of the one that follows. */
  async createOwnRenewal(next?: Signer): Promise<Uint8Array> {
    const { own } = this.#running();
    const { signer, chain } = this.#keys.present;
    const csr = await createAuthorityCsr(next ?? signer, own);
    return createRenewRequest({ time: this.#components.clock.now(), chain, csr }, signer.sign);
  }

  /** Takes the parent's reply and gives the new chain, which the caller writes to disk. @throws RefusedError */
  async acceptOwnRenewal(reply: Uint8Array): Promise<Chain> {
    const chain = await this.readReply(reply, this.#running().own.spki);
    await this.adopt(chain);
    return chain;
  }

  /** The chain that the realm above gives the authority for this key (SPKI). Changes nothing. @throws RefusedError, PeerError */
  readReply(reply: Uint8Array, publicKey: Uint8Array): Promise<Chain> {
    const { realm, tier } = this.#running().own;
    const { rootFingerprint } = this.#init;
    const expected = { realm, tier, rootFingerprint, slot: 'authority', publicKey } as const;
    return acceptEnrolReply(reply, { ...expected, now: this.#components.clock.now() });
  }

  /** Goes on with another certificate for the same key. @throws RefusedError `cert-…`; InputError `authority-key` */
  async adopt(chain: Chain): Promise<void> {
    const { own, registry } = this.#running();
    const next = await validateAuthority(chain, this.#trust());
    if (next.realm !== own.realm || !equals(next.spki, own.spki))
      throw new InputError('authority-key', `the certificate is not one for the authority of ${own.realm} and its key`);
    this.#keys.renewed(chain);
    this.#started = { own: next, registry };
  }

  /** Goes on with another key, whose process runs; the present one signs lists from now on. @throws RefusedError `cert-…` */
  async goOver(next: { readonly signer: SignerClient; readonly chain: Chain }, old: KeyAndChain): Promise<void> {
    const { registry } = this.#running();
    const own = await validateAuthority(next.chain, this.#trust());
    const end = this.#keys.replaced(next, old);
    this.#started = { own, registry };
    await this.settled();
    await end();
  }

  /** Ends the process of the key that was replaced. */
  retireOld(): Promise<void> {
    return this.#keys.retired();
  }

  async #certify({ subject, spki, publicKey }: CertificateRequest, renews?: HeldCertificate): Promise<Chain> {
    const { realm, tier, kind } = subject;
    const shown = renews ? { renews } : {};
    if (kind === 'authority') return this.issueAuthority({ realm, tier, publicKey: spki, ...shown });
    if (!publicKey) throw new RefusedError('csr-malformed', `the request for the ${kind} ${realm} has no Ed25519 key`);
    return this.issueLeaf({ role: kind, publicKey, realm, tier, ...shown });
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

  #trust(): Trust {
    const { clock, isRevoked } = this.#components;
    return { rootFingerprint: this.#init.rootFingerprint, now: clock.now(), ...(isRevoked ? { isRevoked } : {}) };
  }

  #running(): { own: ValidatedAuthority; registry: TokenRegistry } {
    if (!this.#started) throw new LocalError('authority-stopped', 'the authority of this realm is not running');
    return this.#started;
  }
}

function firstOf(chain: Chain): CheckedAuthority {
  const [own] = checkAuthorities(chain);
  if (own) return own;
  throw new LocalError('authority-stopped', 'the authority of this realm has no certificate');
}
