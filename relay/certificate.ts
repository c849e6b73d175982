// The relay's own certificate. On a host with its node the node renews the file and it is only read again; a relay on a host
// of its own asks its node over the overlay when a third of the life is left, and as soon as it hears that the authority of its realm
// or one above has another key.
import { issuedIn } from '../src/overlay/admission/judge.ts';
import type { Issuer } from '../src/overlay/enrol/index.ts';
import { parseCertificate } from '../src/pki/certificate.ts';
import { type Chain, type ValidatedLeaf, validateLeaf, writeChainPem } from '../src/pki/chain.ts';
import { createLeafCsr } from '../src/pki/csr.ts';
import { acceptEnrolReply } from '../src/pki/enrolment.ts';
import { keyName, leafKeyOfSeed, signWithLeaf } from '../src/pki/keys.ts';
import { createRenewRequest, isDueForRenewal, nextLook, RENEWAL_GRACE } from '../src/pki/renewal.ts';
import type { Clock, Timer } from '../src/realm/clock.ts';
import { within } from '../src/realm/deadline.ts';
import { messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';
import type { LiveIdentity } from '../src/settings/live-identity.ts';
import type { RelayCharter } from './charter.ts';
import type { Relay } from './relay.ts';

export interface CertificateComponents {
  readonly identity: Pick<LiveIdentity, keyof LiveIdentity>;
  readonly relay: Pick<Relay, 'renew'>;
  /** Asks the realm above as a stranger. */
  readonly byDoor: Issuer;
  readonly clock: Clock;
  readonly log: Log;
  /** Writes the chain's PEM to where the identity reads it. */
  readonly write: (pem: string) => Promise<void>;
  /** The chain of the own authority, as far as the node has told it. */
  readonly charter: Pick<RelayCharter, 'newestChainOf' | 'onChange' | 'isRevoked'>;
  /** A node on this host does the renewing. */
  readonly isRenewedHere: boolean;
}

/** A certificate of our chain that a list names; nobody admits this relay any more. */
export interface RevokedHere {
  /** Whose certificate it is: our own realm's for the relay's own. */
  readonly realm: RealmName;
  /** Who has revoked it. */
  readonly by: RealmName;
  readonly isOwn: boolean;
}

/** The node on this host may have written another one. */
const INTERVAL = 60_000;
const DEADLINE = 30_000;

export class RelayCertificate {
  readonly #components: CertificateComponents;
  #timer: Timer | undefined;
  #wait = INTERVAL;
  #isLooking = false;
  #isAsked = false;
  #revoked: RevokedHere | undefined;
  #unsubscribe: () => void = () => {};

  constructor(components: CertificateComponents) {
    this.#components = components;
  }

  start(): void {
    this.#unsubscribe = this.#components.charter.onChange(() => this.#lookSoon());
    this.#again(0);
  }

  #again(delay: number): void {
    this.#timer?.cancel();
    this.#timer = this.#components.clock.after(delay, () => {
      this.#isLooking = true;
      this.#isAsked = false;
      this.look()
        .catch((error) => this.#components.log.error({ error: messageOf(error) }, 'certificate not renewed'))
        .finally(() => {
          this.#isLooking = false;
          if (this.#timer) this.#again(this.#isAsked ? 0 : Math.min(INTERVAL, this.#wait));
        });
    });
  }

  /** What the node has told may be that there is another certificate. */
  #lookSoon(): void {
    this.#isAsked = true;
    if (this.#timer && !this.#isLooking) this.#again(0);
  }

  /** As of the last look: the node, or whoever refused us, has told it. */
  get revoked(): RevokedHere | undefined {
    return this.#revoked;
  }

  stop(): void {
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async look(): Promise<void> {
    const { identity, clock, isRenewedHere, write, log } = this.#components;
    await identity.refresh();
    const { rootFingerprint } = identity;
    const now = clock.now();
    const grace = { grace: RENEWAL_GRACE, graceAbove: RENEWAL_GRACE };
    const leaf = await validateLeaf(identity.chain, { rootFingerprint, now, ...grace });
    this.#wait = nextLook(leaf, now);
    this.#revoked = this.#findRevoked(leaf);
    if (isRenewedHere || !(isDueForRenewal(leaf, now) || this.#isReplaced(leaf))) return;
    await write(writeChainPem(await this.#renew(now > leaf.notAfter)));
    await identity.refresh();
    log.info({}, 'certificate renewed');
  }

  /** The highest: what is revoked there makes all below it worthless. */
  #findRevoked(leaf: ValidatedLeaf): RevokedHere | undefined {
    const { charter } = this.#components;
    const realms = [leaf.realm, ...leaf.authorities.map(({ realm }) => realm)];
    const all = issuedIn(leaf).map(({ serial, issuer }, index) => ({ serial, issuer, index }));
    const highest = all.findLast(({ serial, issuer }) => charter.isRevoked(serial, issuer));
    const [realm, by] = highest ? [realms[highest.index], realms[highest.index + 1]] : [];
    return highest && realm !== undefined && by !== undefined ? { realm, by, isOwn: highest.index === 0 } : undefined;
  }

  #isReplaced({ authorities }: ValidatedLeaf): boolean {
    const { charter, identity } = this.#components;
    const newest = charter.newestChainOf(identity.realm);
    const keys = newest?.map((der) => keyName(parseCertificate(der).spki)).join();
    return keys !== undefined && keys !== authorities.map(({ spki }) => keyName(spki)).join();
  }

  /** The own node; once its certificate is over a relay gets to nobody but the door of the realm above, which may certify it too. */
  async #ask(request: Uint8Array, isOver: boolean): Promise<Uint8Array> {
    const { relay, byDoor, clock, log } = this.#components;
    const signal = new AbortController().signal;
    try {
      return await within(clock, DEADLINE, 'renewal by the own node', signal, (limited) =>
        relay.renew(request, limited),
      );
    } catch (error) {
      if (!isOver) throw error;
      log.warn({ error: messageOf(error) }, 'own node renews no certificate');
      return within(clock, DEADLINE, 'renewal by the realm above', signal, (limited) => byDoor(request, limited));
    }
  }

  async #renew(isOver: boolean): Promise<Chain> {
    const { identity, clock } = this.#components;
    const { realm, tier, role, chain, rootFingerprint } = identity;
    const key = leafKeyOfSeed(identity.privateKey);
    const csr = createLeafCsr(key, { realm, tier, role });
    const request = await createRenewRequest({ time: clock.now(), chain, csr }, (data) => signWithLeaf(key, data));
    const reply = await this.#ask(request, isOver);
    const { publicKey } = key;
    return acceptEnrolReply(reply, {
      realm,
      tier,
      rootFingerprint,
      slot: role,
      publicKey,
      now: clock.now(),
      live: true,
    });
  }
}
