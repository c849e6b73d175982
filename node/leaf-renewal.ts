// Leaves live 30 days and renew themselves: the node looks whether its own or its relay's on this host is due, at least once an
// hour, has its authority issue the next one and writes it. The relay reads its file again by itself. However long ago a leaf
// ended: the authority at hand decides. A leaf below another key than those of the authority's present chain is renewed at once. A leaf that was revoked is not renewed, since its key is not trusted any more: the operator
// has a new key made, and the program restarted.
import { parseCertificate } from '../src/pki/certificate.ts';
import { type Chain, type Trust, type ValidatedLeaf, validateLeaf, writeChainPem } from '../src/pki/chain.ts';
import { generateLeafKey, type KeyName, keyName, writeLeafKeyPem } from '../src/pki/keys.ts';
import { heldOf, isDueForRenewal, nextLook, type Validity } from '../src/pki/renewal.ts';
import type { Clock } from '../src/realm/clock.ts';
import { InputError, messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { Role } from '../src/realm/names.ts';
import type { DataDirectory } from '../src/settings/data-directory.ts';
import { readChain, writeChain } from '../src/settings/key-files.ts';
import type { LiveIdentity } from '../src/settings/live-identity.ts';
import { replaceCredential } from '../src/settings/staged-credential.ts';
import type { Authority } from './authority/authority.ts';
import { nameOf } from './authority/authority-keys.ts';
import { Hourly } from './hourly.ts';

export interface LeafRenewalComponents {
  readonly directory: DataDirectory;
  readonly identity: LiveIdentity;
  readonly authority: Pick<Authority, 'issueLeaf' | 'chain'>;
  readonly isRevoked: NonNullable<Trust['isRevoked']>;
  /** After the own leaf is below another key: what it signs from now on is to be told so. */
  readonly onMoved?: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

const ANY_AGE = { grace: Number.MAX_SAFE_INTEGER, graceAbove: Number.MAX_SAFE_INTEGER };

export class LeafRenewal {
  readonly #components: LeafRenewalComponents;
  readonly #roles: readonly Role[];
  readonly #hourly: Hourly;
  /** What the programs of this host have at the moment. */
  readonly #held = new Map<Role, Validity>();
  /** Why the last try failed; undefined after one that did not. */
  lastError: string | undefined;

  /** @param roles the programs of this host */
  constructor(components: LeafRenewalComponents, roles: readonly Role[]) {
    this.#components = components;
    this.#roles = roles;
    const { clock } = components;
    const wait = (): number => Math.min(...[...this.#held.values()].map((held) => nextLook(held, clock.now())));
    this.#hourly = new Hourly(clock, () => this.#look(), wait);
  }

  start(): Promise<void> {
    return this.#hourly.start();
  }

  stop(): Promise<void> {
    return this.#hourly.stop();
  }

  /** After the authority was renewed, and when the operator asks. */
  lookNow(): Promise<void> {
    return this.#hourly.now();
  }

  /** Due or not. @throws RefusedError, LocalError */
  async renewNow(): Promise<void> {
    for (const role of this.#roles) await this.#renew(role, await this.#read(role));
  }

  /** A new key and its certificate, which the program has from its next start on. @throws InputError `no-such-program` */
  async replaceKey(role: Role): Promise<void> {
    const { directory, authority, log } = this.#components;
    if (!this.#roles.includes(role)) {
      throw new InputError('no-such-program', `this host does not run the ${role}`, {
        hint: 'A relay on a host of its own joins again with a new token: canopy join TOKEN --only relay.',
      });
    }
    const key = await generateLeafKey();
    const chain = await authority.issueLeaf({ role, publicKey: key.publicKey });
    await replaceCredential(directory[role], { keyPem: writeLeafKeyPem(key), chainPem: writeChainPem(chain) });
    this.#note(role, chain);
    log.warn({ role }, 'key replaced: restart the program');
  }

  async #look(): Promise<void> {
    try {
      const moved = new Set<Role>();
      for (const role of this.#roles) if (await this.#renewIfDue(role)) moved.add(role);
      // The others are told last: then what they look at is there.
      if (moved.has(this.#components.identity.role)) await this.#components.onMoved?.();
      this.lastError = undefined;
    } catch (error) {
      this.lastError = messageOf(error);
      this.#components.log.error({ error: this.lastError }, 'renewal of a certificate failed');
    }
  }

  /** Whether it is below another key than before. */
  async #renewIfDue(role: Role): Promise<boolean> {
    const held = await this.#read(role);
    const { clock, authority } = this.#components;
    const isMoved = keysAbove(held).join() !== keysOf(authority.chain).join();
    if (isMoved || isDueForRenewal(held, clock.now())) await this.#renew(role, held);
    return isMoved;
  }

  async #renew(role: Role, held: ValidatedLeaf): Promise<void> {
    const { directory, identity, authority, log } = this.#components;
    const next = await authority.issueLeaf({ role, publicKey: held.publicKey, renews: heldOf(held) });
    await writeChain(directory[role], writeChainPem(next));
    this.#note(role, next);
    log.info({ role }, 'certificate renewed');
    if (role === identity.role) await identity.refresh();
  }

  async #read(role: Role): Promise<ValidatedLeaf> {
    const { directory, identity, clock, isRevoked } = this.#components;
    const held = await readChain(directory[role]);
    this.#note(role, held);
    const { rootFingerprint } = identity;
    return validateLeaf(held, { rootFingerprint, now: clock.now(), isRevoked, ...ANY_AGE });
  }

  #note(role: Role, [leaf]: Chain): void {
    if (leaf) this.#held.set(role, parseCertificate(leaf));
  }
}

function keysAbove({ authorities }: ValidatedLeaf): KeyName[] {
  return authorities.map(({ spki }) => keyName(spki));
}

function keysOf(chain: Chain): KeyName[] {
  return chain.map((_, index) => nameOf(chain.slice(index)));
}
