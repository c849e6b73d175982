// Identities and devices of all users whose directory chain is here, as those chains say. A realm speaks for its own users alone, so
// what it says is kept by realm; whoever asks names the home. Clients check certificates themselves; what does not verify is not
// kept here either.
import { equals } from 'uint8arrays/equals';
import { type DeviceCertificate, isOfIdentity, readDeviceCertificate } from '../../src/crypto/device-certificate.ts';
import { verifyDeviceRemoval } from '../../src/crypto/device-removal.ts';
import { type UserIdentity } from '../../src/crypto/identity-statement.ts';
import type { Chain } from '../../src/pki/chain.ts';
import type { ChainId, Fact } from '../../src/protocols/ledger/entry.ts';
import { decodeKey, decodeUser, KEY, USER_REMOVED } from '../../src/protocols/ledger/kinds.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import {
  DEVICE_ADDED,
  DEVICE_REMOVED,
  type DeviceRemoved,
  decodeDeviceAdded,
  decodeDeviceRemoved,
  decodeUserIdentity,
  decodeUserMoved,
  USER_IDENTITY,
  USER_MOVED,
} from '../../src/protocols/ledger/people-kinds.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { IdentityJudge } from './identity-judge.ts';

export interface UserKeys {
  readonly identity: UserIdentity | undefined;
  /** Of that identity, the newest of each device. */
  readonly devices: readonly DeviceCertificate[];
  readonly removed: readonly DeviceId[];
}

interface Kept {
  identity: UserIdentity | undefined;
  readonly devices: Map<DeviceId, DeviceCertificate>;
  readonly removed: Map<DeviceId, DeviceRemoved>;
}

/** A device of somebody: it came, it has a new certificate, or it is gone. */
export interface DeviceNews {
  readonly home: RealmName;
  readonly user: UserId;
  readonly device: DeviceId;
  /** Undefined for a device that was removed. */
  readonly certificate: DeviceCertificate | undefined;
}

export interface KeyBookComponents {
  readonly store: Pick<LedgerStore, 'chains' | 'facts' | 'head' | 'onFacts'>;
  /** Who checks what others say of identities; absent in tests whose realms have no authority. */
  readonly judge?: { readonly realm: RealmName; readonly identities: IdentityJudge };
  readonly log: Log;
}

export class KeyBook {
  readonly #parts: KeyBookComponents;
  readonly #realms = new Map<RealmName, Map<UserId, Kept>>();
  readonly #listeners = new Set<(news: DeviceNews) => void>();
  readonly #onIdentity = new Set<(home: RealmName, user: UserId) => void>();
  #unsubscribe: (() => void) | undefined;

  constructor(components: KeyBookComponents) {
    this.#parts = components;
  }

  /** Reads the chains on disk and follows them from then on. */
  async load(): Promise<void> {
    const { store } = this.#parts;
    this.#unsubscribe = store.onFacts((id, facts) => this.#take(id, facts));
    for (const id of await store.chains()) {
      // Keys that came before a snapshot are no facts of the chain.
      this.#learn(id.realm, (await store.head(id)).key?.chain);
      for await (const fact of store.facts(id)) this.#take(id, [fact]);
    }
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  keysOf(home: RealmName, user: UserId): UserKeys {
    const kept = this.#realms.get(home)?.get(user);
    const identity = kept?.identity;
    if (!kept || !identity || !this.#isProven(home, identity)) return { identity: undefined, devices: [], removed: [] };
    const devices = [...kept.devices.values()].filter((one) => isOfIdentity(one, user, identity.key));
    return { identity, devices, removed: [...kept.removed.keys()] };
  }

  /** By whom an identity was stated: the authority's certificates, the root's last. */
  proofOf(home: RealmName, identity: UserIdentity): Chain | undefined {
    return this.#parts.judge?.identities.chainOf(home, identity);
  }

  /** Of users of one realm, whoever has an identity. */
  users(home: RealmName): UserId[] {
    return [...(this.#realms.get(home)?.keys() ?? [])];
  }

  /** The own realm needs no proof: this node has asked its authority itself. */
  #isProven(home: RealmName, identity: UserIdentity): boolean {
    const { judge } = this.#parts;
    return !judge || judge.realm === home || judge.identities.isProven(home, identity);
  }

  #learn(realm: RealmName, certificates: Uint8Array | undefined): void {
    if (certificates) this.#parts.judge?.identities.learn(realm, certificates);
  }

  isRemoved(home: RealmName, user: UserId, device: DeviceId): boolean {
    return this.#realms.get(home)?.get(user)?.removed.has(device) ?? false;
  }

  /** Every device that counts, of every user of the house: who caches key packages goes by this. */
  *devices(): Generator<DeviceNews> {
    for (const [home, users] of this.#realms) {
      for (const user of users.keys()) {
        for (const certificate of this.keysOf(home, user).devices) {
          yield { home, user, device: certificate.device, certificate };
        }
      }
    }
  }

  onDevice(listener: (news: DeviceNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onIdentity(listener: (home: RealmName, user: UserId) => void): () => void {
    this.#onIdentity.add(listener);
    return () => this.#onIdentity.delete(listener);
  }

  #take({ realm, chain }: ChainId, facts: readonly Fact[]): void {
    for (const fact of facts) {
      try {
        if (fact.kind === KEY) this.#learn(realm, decodeKey(fact.payload).chain);
        if (chain === 'directory') this.#note(realm, fact);
      } catch (error) {
        if (!(error instanceof CanopyError)) throw error;
        // It concerns nobody but its author.
        this.#parts.log.warn({ realm, n: fact.n, code: error.code }, 'directory entry about keys is not used');
      }
    }
  }

  #note(realm: RealmName, { kind, payload }: Fact): void {
    switch (kind) {
      case USER_IDENTITY:
        return this.#identity(realm, decodeUserIdentity(payload));
      case DEVICE_ADDED:
        return this.#added(realm, readDeviceCertificate(decodeDeviceAdded(payload)));
      case DEVICE_REMOVED:
        return this.#removed(realm, decodeDeviceRemoved(payload));
      case USER_REMOVED:
        return this.#forget(realm, decodeUser(payload));
      case USER_MOVED:
        return this.#forget(realm, decodeUserMoved(payload).user);
    }
  }

  #identity(realm: RealmName, identity: UserIdentity): void {
    const kept = this.#of(realm, identity.user);
    const before = kept.identity;
    if (before && before.sequence >= identity.sequence) return;
    kept.identity = identity;
    if (before && !equals(before.key, identity.key)) {
      for (const { device } of kept.devices.values()) this.#tell(realm, identity.user, device, undefined);
      kept.devices.clear();
      kept.removed.clear();
    }
    for (const listener of this.#onIdentity) listener(realm, identity.user);
  }

  #added(realm: RealmName, certificate: DeviceCertificate): void {
    const { user, device, sequence } = certificate;
    const kept = this.#of(realm, user);
    const before = kept.devices.get(device);
    if (before && before.sequence >= sequence) return;
    if (kept.removed.has(device) || !kept.identity || !isOfIdentity(certificate, user, kept.identity.key)) return;
    kept.devices.set(device, certificate);
    this.#tell(realm, user, device, certificate);
  }

  #removed(realm: RealmName, removal: DeviceRemoved): void {
    const { user, device, by } = removal;
    const kept = this.#of(realm, user);
    if (by === 'user' && kept.identity) verifyDeviceRemoval(removal.removal, kept.identity.key);
    kept.devices.delete(device);
    kept.removed.set(device, removal);
    this.#tell(realm, user, device, undefined);
  }

  #forget(realm: RealmName, user: UserId): void {
    const kept = this.#realms.get(realm)?.get(user);
    this.#realms.get(realm)?.delete(user);
    for (const device of kept?.devices.keys() ?? []) this.#tell(realm, user, device, undefined);
  }

  #of(realm: RealmName, user: UserId): Kept {
    const users = this.#realms.get(realm) ?? new Map<UserId, Kept>();
    this.#realms.set(realm, users);
    const kept = users.get(user) ?? { identity: undefined, devices: new Map(), removed: new Map() };
    users.set(user, kept);
    return kept;
  }

  #tell(home: RealmName, user: UserId, device: DeviceId, certificate: DeviceCertificate | undefined): void {
    for (const listener of this.#listeners) listener({ home, user, device, certificate });
  }
}
