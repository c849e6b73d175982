// The realm's authority as the node uses it: certifies the realm's own leaves and the realms directly below, makes join tokens,
// answers enrolments and renewals. Its key is used by a signing process alone; this class knows the chain and the rules.
import { equals } from 'uint8arrays/equals';
import { checkAuthorities } from '../../src/pki/authority-path.ts';
import { type Chain, type Trust, type ValidatedAuthority, validateAuthority } from '../../src/pki/chain.ts';
import { createCrl, type RevokedCertificate } from '../../src/pki/crl.ts';
import { type CertificateRequest, createAuthorityCsr } from '../../src/pki/csr.ts';
import { acceptEnrolReply, encodeEnrolReply } from '../../src/pki/enrolment.ts';
import { childTiersOf } from '../../src/pki/profile.ts';
import { checkRenewRequest, createRenewRequest, isRenewRequest } from '../../src/pki/renewal.ts';
import type { SignedCrl } from '../../src/pki/revocations.ts';
import type { Ancestor, JoinToken } from '../../src/pki/token.ts';
import { TokenRegistry, type TokenStore } from '../../src/pki/token-registry.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { codeOf, InputError, LocalError, PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName, Role, Tier } from '../../src/realm/names.ts';
import { SignerClient } from './signer-client.ts';

export interface AuthorityInit {
  readonly keyFile: string;
  /** Own certificate first, root last. */
  readonly chain: Chain;
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
}

export interface AuthorityComponents {
  readonly tokens: TokenStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  isRevoked?(serial: string, issuer: RealmName): boolean;
  /** Whether one more certificate may be made for it: a revocation list has room for so many. */
  mayRenew?(subject: Pick<Certified, 'kind' | 'realm'>): Promise<boolean>;
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

const ANY_AGE = { grace: Number.MAX_SAFE_INTEGER, graceAbove: Number.MAX_SAFE_INTEGER };

export class Authority {
  readonly #init: AuthorityInit;
  readonly #components: AuthorityComponents;
  readonly #signer: SignerClient;
  #chain: Chain;
  #started: { own: ValidatedAuthority; registry: TokenRegistry } | undefined;
  #renewing: Promise<unknown> = Promise.resolve();

  constructor(init: AuthorityInit, components: AuthorityComponents) {
    this.#init = init;
    this.#components = components;
    this.#chain = init.chain;
    this.#signer = new SignerClient({ keyFile: init.keyFile }, components);
  }

  /** @throws RefusedError `cert-…`; InputError `authority-key` when key and chain are no pair; LocalError `signer-failed` */
  async start(): Promise<void> {
    // An authority that is over still starts: it can then ask for its renewal.
    const own = await validateAuthority(this.#chain, { ...this.#trust(), ...ANY_AGE });
    await this.#signer.start();
    if (!equals(own.spki, this.#signer.publicKey)) {
      await this.#signer.stop();
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
    await this.#signer.stop();
  }

  /** Own certificate first, root last. */
  get chain(): Chain {
    return this.#chain;
  }

  /** How the signing process is cut off from the network: a phrase for `status`. */
  get isolation(): string {
    return this.#signer.isolation;
  }

  /** A leaf of this realm, or with `realm` and `tier` the relay's of a realm directly below. */
  async issueLeaf(options: { role: Role; publicKey: Uint8Array; realm?: RealmName; tier?: Tier }): Promise<Chain> {
    const { own } = this.#running();
    const { role, publicKey, realm = own.realm, tier = own.tier } = options;
    // The library that writes certificates is loaded when the first one is written: most starts write none.
    const { issueLeaf } = await import('../../src/pki/issue.ts');
    const lifetime = this.#init.lifetimes?.leaf;
    const chain = await issueLeaf({ ...this.#issuer(), realm, tier, role, publicKey, ...(lifetime && { lifetime }) });
    return this.#announce({ kind: role, realm, tier, chain });
  }

  /** The authority of a realm directly below. `publicKey`: SPKI, P-256. */
  async issueAuthority(options: { realm: RealmName; tier: Tier; publicKey: Uint8Array }): Promise<Chain> {
    this.#running();
    const { issueAuthority } = await import('../../src/pki/issue.ts');
    const lifetime = this.#init.lifetimes?.authority;
    const chain = await issueAuthority({ ...this.#issuer(), ...options, ...(lifetime && { lifetime }) });
    return this.#announce({ kind: 'authority', realm: options.realm, tier: options.tier, chain });
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

  /** Resolves when every renewal that was begun before is in the register of what was issued, or refused. */
  async settled(): Promise<void> {
    await this.#renewing;
  }

  async #renew(requestBytes: Uint8Array, maxAge?: number): Promise<Uint8Array> {
    this.#running();
    const time = this.#components.clock.now();
    try {
      const asked = await checkRenewRequest(requestBytes, this.#trust(), maxAge);
      await this.#checkRoom(asked);
      return encodeEnrolReply({ kind: 'ok', time, chain: await this.#certify(asked) });
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof PeerError || error instanceof InputError)) throw error;
      this.#components.onRefused?.({ code: error.code, realm: '', slot: 'renewal', tokenId: '' });
      return encodeEnrolReply({ kind: 'refused', time, code: codeOf(error) });
    }
  }

  /** @throws RefusedError `renew-too-many` */
  async #checkRoom({ subject }: CertificateRequest): Promise<void> {
    const { mayRenew } = this.#components;
    if (!mayRenew || (await mayRenew(subject))) return;
    throw new RefusedError('renew-too-many', `the ${subject.kind} of ${subject.realm} has certificates enough`, {
      hint: 'It renews by itself when they near their end. Whoever renews so often may have been taken over.',
    });
  }

  /** A revocation list of this authority, with its chain. `number` must be above that of the last one. @throws RefusedError `crl-full` */
  async signCrl(revoked: readonly RevokedCertificate[], number: number): Promise<SignedCrl> {
    this.#running();
    const [own] = checkAuthorities(this.#chain);
    if (!own) throw new LocalError('authority-stopped', 'the authority of this realm has no certificate');
    const { notAfter: nextUpdate } = own.certificate;
    const crl = { number, thisUpdate: this.#components.clock.now(), nextUpdate, revoked };
    return { crl: await createCrl(crl, own, this.#signer), chain: this.#chain };
  }

  /** The request by which this authority asks its parent for its next certificate, with the same key. */
  async createOwnRenewal(): Promise<Uint8Array> {
    const { own } = this.#running();
    const csr = await createAuthorityCsr(this.#signer, own);
    const parts = { time: this.#components.clock.now(), chain: this.#chain, csr };
    return createRenewRequest(parts, this.#signer.sign);
  }

  /** Takes the parent's reply and gives the new chain, which the caller writes to disk. @throws RefusedError */
  async acceptOwnRenewal(reply: Uint8Array): Promise<Chain> {
    const { own } = this.#running();
    const { rootFingerprint } = this.#init;
    const { realm, tier } = own;
    const expected = { realm, tier, rootFingerprint, slot: 'authority', publicKey: own.spki } as const;
    const chain = await acceptEnrolReply(reply, { ...expected, now: this.#components.clock.now() });
    await this.adopt(chain);
    return chain;
  }

  /** Goes on with another certificate for the same key. @throws RefusedError `cert-…`; InputError `authority-key` */
  async adopt(chain: Chain): Promise<void> {
    const { own, registry } = this.#running();
    const next = await validateAuthority(chain, this.#trust());
    if (next.realm !== own.realm || !equals(next.spki, own.spki))
      throw new InputError('authority-key', `the certificate is not one for the authority of ${own.realm} and its key`);
    this.#chain = chain;
    this.#started = { own: next, registry };
  }

  async #certify({ subject, spki, publicKey }: CertificateRequest): Promise<Chain> {
    const { realm, tier, kind } = subject;
    if (kind === 'authority') return this.issueAuthority({ realm, tier, publicKey: spki });
    if (!publicKey) throw new RefusedError('csr-malformed', `the request for the ${kind} ${realm} has no Ed25519 key`);
    return this.issueLeaf({ role: kind, publicKey, realm, tier });
  }

  async #announce(certified: Certified): Promise<Chain> {
    await this.#components.onCertified?.(certified);
    const { kind, realm, tier } = certified;
    this.#components.log.info({ kind, realm, tier }, 'certificate issued');
    return certified.chain;
  }

  #issuer(): { signer: SignerClient; chain: Chain; now: number } {
    return { signer: this.#signer, chain: this.#chain, now: this.#components.clock.now() };
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
