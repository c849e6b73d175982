// Leaves live 30 days and renew themselves: once an hour the node looks whether its own or its relay's on this host is due,
// has its authority issue the next one and writes it. The relay reads its file again by itself.
import { validateLeaf, writeChainPem } from '../src/pki/chain.ts';
import { isDueForRenewal, RENEWAL_GRACE } from '../src/pki/renewal.ts';
import type { Clock } from '../src/realm/clock.ts';
import { messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { Role } from '../src/realm/names.ts';
import type { DataDirectory } from '../src/settings/data-directory.ts';
import { readChain, writeChain } from '../src/settings/key-files.ts';
import type { LiveIdentity } from '../src/settings/live-identity.ts';
import type { Authority } from './authority/authority.ts';
import { Hourly } from './hourly.ts';

export interface LeafRenewalComponents {
  readonly directory: DataDirectory;
  readonly identity: LiveIdentity;
  readonly authority: Pick<Authority, 'issueLeaf'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class LeafRenewal {
  readonly #components: LeafRenewalComponents;
  readonly #roles: readonly Role[];
  readonly #hourly: Hourly;
  /** Why the last try failed; undefined after one that did not. */
  lastError: string | undefined;

  /** @param roles the programs of this host */
  constructor(components: LeafRenewalComponents, roles: readonly Role[]) {
    this.#components = components;
    this.#roles = roles;
    this.#hourly = new Hourly(components.clock, () => this.#look());
  }

  start(): Promise<void> {
    return this.#hourly.start();
  }

  stop(): Promise<void> {
    return this.#hourly.stop();
  }

  async #look(): Promise<void> {
    try {
      for (const role of this.#roles) await this.#renewIfDue(role);
      this.lastError = undefined;
    } catch (error) {
      this.lastError = messageOf(error);
      this.#components.log.error({ error: this.lastError }, 'renewal of a certificate failed');
    }
  }

  async #renewIfDue(role: Role): Promise<void> {
    const { directory, identity, authority, clock, log } = this.#components;
    const now = clock.now();
    const { rootFingerprint } = identity;
    const held = await readChain(directory[role]);
    const leaf = await validateLeaf(held, { rootFingerprint, now, grace: RENEWAL_GRACE });
    if (!isDueForRenewal(leaf, now)) return;
    const next = await authority.issueLeaf({ role, publicKey: leaf.publicKey });
    await writeChain(directory[role], writeChainPem(next));
    log.info({ role }, 'certificate renewed');
    if (role === identity.role) await identity.refresh();
  }
}
