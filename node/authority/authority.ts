// The realm's authority as the node uses it: certifies the realm's own leaves and the realms directly below (issuing.ts), makes join
// tokens, answers enrolments and renewals. Its key is used by a signing process alone; this class knows the chain and the rules.
import { equals } from 'uint8arrays/equals';
import { type Chain, type Trust, type ValidatedAuthority, validateAuthority } from '../../src/pki/chain.ts';
import type { RevokedCertificate } from '../../src/pki/crl.ts';
import { createAuthorityCsr } from '../../src/pki/csr.ts';
import { acceptEnrolReply, encodeEnrolReply } from '../../src/pki/enrolment.ts';
import type { Signer } from '../../src/pki/keys.ts';
import { childTiersOf } from '../../src/pki/profile.ts';
import { type CheckedRenewal, checkRenewRequest, createRenewRequest, isRenewRequest } from '../../src/pki/renewal.ts';
import type { SignedCrl } from '../../src/pki/revocations.ts';
import type { Ancestor, JoinToken } from '../../src/pki/token.ts';
import { TokenRegistry, type TokenStore } from '../../src/pki/token-registry.ts';
import { codeOf, InputError, LocalError, PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { RealmName, Tier } from '../../src/realm/names.ts';
import { AuthorityKeys, type KeyAndChain, nameOf } from './authority-keys.ts';
import { type AuthorityOptions, Issuing, type IssuingComponents, type LeafOptions, type Lifetimes } from './issuing.ts';
import type { SignerClient } from './signer-client.ts';

export interface AuthorityInit extends KeyAndChain {
  /** The one that it has replaced, until that is retired. */
  readonly old?: KeyAndChain | undefined;
  readonly rootFingerprint: string;
  /** Milliseconds that new certificates are valid; those of src/pki/profile.ts when absent. Shortened by tests only. */
  readonly lifetimes?: Lifetimes;
}

export interface AuthorityComponents extends IssuingComponents {
  readonly tokens: TokenStore;
  /** What speaks against a renewal that is in order by itself. */
  objectionTo?(asked: CheckedRenewal): Promise<RefusedError | undefined>;
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
  readonly #keys: AuthorityKeys;
  readonly #issuing: Issuing;
  #started: { own: ValidatedAuthority; registry: TokenRegistry } | undefined;
  #renewing: Promise<unknown> = Promise.resolve();

  constructor(init: AuthorityInit, components: AuthorityComponents) {
    this.#init = init;
    this.#components = components;
    this.#keys = new AuthorityKeys(init, init.old, components.log);
    this.#issuing = new Issuing(components, this.#keys, init.lifetimes);
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
      certify: (request) => this.#issuing.certify(request),
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

  /** A leaf of this realm, or the relay's of a realm directly below. @throws RefusedError `cert-revoked`; InputError `may-not-issue` */
  issueLeaf(options: Omit<LeafOptions, 'realm' | 'tier'> & Partial<LeafOptions>): Promise<Chain> {
    const { realm, tier } = this.#running().own;
    return this.#issuing.leaf({ realm, tier, ...options });
  }

  /** The authority of a realm directly below. @throws as `issueLeaf` */
  issueAuthority(options: AuthorityOptions): Promise<Chain> {
    this.#running();
    return this.#issuing.authority(options);
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
    await this.#issuing.settled();
  }

  async #renew(requestBytes: Uint8Array, maxAge?: number): Promise<Uint8Array> {
    this.#running();
    const time = this.#components.clock.now();
    try {
      const asked = await checkRenewRequest(requestBytes, this.#trust(), maxAge);
      const objection = await this.#components.objectionTo?.(asked);
      if (objection) throw objection;
      return encodeEnrolReply({ kind: 'ok', time, chain: await this.#issuing.certify(asked, asked.held) });
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
    return this.#issuing.crl(revoked, number, issuer);
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

  #trust(): Trust {
    const { clock, isRevoked } = this.#components;
    return { rootFingerprint: this.#init.rootFingerprint, now: clock.now(), ...(isRevoked ? { isRevoked } : {}) };
  }

  #running(): { own: ValidatedAuthority; registry: TokenRegistry } {
    if (!this.#started) throw new LocalError('authority-stopped', 'the authority of this realm is not running');
    return this.#started;
  }
}
