// Takes up what the directory chains say of users. A user is pending until the record that the entry vouches for is on disk; it is
// fetched from those who have it. Of a user who was removed the record is erased. Entries of the own chain are looked at when the
// node starts: what it appends later it lists itself.
import { equals } from 'uint8arrays/equals';
import type { Network } from '../../src/overlay/seam.ts';
import type { ChainId, Fact } from '../../src/protocols/ledger/entry.ts';
import { decodeUser, USER_REMOVED, type UserEntry } from '../../src/protocols/ledger/kinds.ts';
import { decodeUserMoved, USER_MOVED } from '../../src/protocols/ledger/people-kinds.ts';
import { profileHash } from '../../src/protocols/profile/record.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { AliasBook } from './alias-book.ts';
import { PendingUsers } from './pending-users.ts';
import { ProfileFetcher } from './profile-fetcher.ts';
import type { ProfileStore } from './profile-store.ts';

/** Where users are listed. */
export interface UserList {
  /** Lists a user if the record says what the entry vouches for. */
  list(home: RealmName, entry: UserEntry, record: Uint8Array): unknown;
  /** Takes a user of that realm off the list, if listed. */
  unlist(home: RealmName, id: UserId): void;
  /** That realm's chain says that it handed the user over. */
  moved(home: RealmName, id: UserId, to: RealmName): void;
}

export interface UserIntakeComponents {
  readonly ledger: Pick<LedgerService, 'store' | 'realms'>;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly profiles: ProfileStore;
  readonly aliases: Pick<AliasBook, 'note'>;
  readonly users: UserList;
}

export interface UserIntakeInit {
  readonly realm: RealmName;
  readonly house: RealmName;
}

export class UserIntake {
  readonly #parts: UserIntakeComponents;
  readonly #init: UserIntakeInit;
  readonly #pending = new PendingUsers();
  readonly #fetcher: ProfileFetcher;
  readonly #unsubscribe: (() => void)[] = [];
  #removed: { readonly home: RealmName; readonly id: UserId }[] = [];
  #loaded = false;
  /** Entries are taken in the order they come. */
  #taking: Promise<void> = Promise.resolve();

  constructor(components: UserIntakeComponents, init: UserIntakeInit) {
    this.#parts = components;
    this.#init = init;
    this.#fetcher = new ProfileFetcher({
      ...components,
      holders: (home) => this.#holders(home),
      missing: (home) => this.#pending.of(home).map(({ id }) => id),
      take: (home, ids, records) => this.#takeRecords(home, ids, records),
    });
  }

  /** Reads chains and records on disk; once, before anything else. */
  async load(): Promise<void> {
    const { store } = this.#parts.ledger;
    for (const id of await store.chains()) {
      if (id.chain !== 'directory') continue;
      for await (const fact of store.facts(id)) this.#note(fact);
      await this.#erase(id.realm);
      await this.#settle(id.realm);
    }
    this.#loaded = true;
    // From here on, so that none is missed whichever of the two starts first.
    this.#unsubscribe.push(store.onFacts((id, facts) => this.#onFacts(id, facts)));
  }

  start(): void {
    const { network } = this.#parts;
    this.#unsubscribe.push(network.onPath(({ realm, kind }) => kind !== 'unreachable' && this.#fetchIfMissing(realm)));
    for (const realm of this.#pending.realms()) this.#fetchIfMissing(realm);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.#fetcher.stop();
    await this.#taking;
  }

  #onFacts(id: ChainId, facts: readonly Fact[]): void {
    if (id.chain !== 'directory') return;
    for (const fact of facts) this.#note(fact);
    if (id.realm === this.#init.realm) return;
    this.#taking = this.#taking
      .then(() => this.#erase(id.realm))
      .then(() => this.#settle(id.realm))
      .then(() => this.#fetchIfMissing(id.realm))
      .catch((error) =>
        this.#parts.log.error({ realm: id.realm, why: String(error) }, 'directory entries were not taken'),
      );
  }

  /** A malformed entry concerns nobody but its author. */
  #note(fact: Fact): void {
    try {
      this.#parts.aliases.note(fact);
      if (fact.realm !== this.#init.realm || !this.#loaded) this.#pending.note(fact);
      if (fact.kind === USER_MOVED) this.#moved(fact);
      if (fact.kind === USER_REMOVED) this.#removed.push({ home: fact.realm, id: decodeUser(fact.payload) });
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      const { realm, n } = fact;
      this.#parts.log.warn({ realm, n, code: error.code }, 'directory entry is malformed');
    }
  }

  #moved({ realm, payload }: Fact): void {
    const { user, to } = decodeUserMoved(payload);
    this.#removed.push({ home: realm, id: user });
    this.#parts.users.moved(realm, user, to);
  }

  /** Erases the records of users who were removed: they are listed no more, and what told their names leaves the files. */
  async #erase(home: RealmName): Promise<void> {
    const { profiles, users } = this.#parts;
    const gone = this.#removed.filter((one) => one.home === home);
    this.#removed = this.#removed.filter((one) => one.home !== home);
    const kept: UserId[] = [];
    for (const { id } of gone) {
      users.unlist(home, id);
      if (await profiles.get(home, id)) kept.push(id);
    }
    if (kept.length === 0) return;
    await profiles.commit(kept.map((id) => profiles.erase(home, id)));
    await profiles.compact(home);
  }

  /** Lists pending users whose record is on disk already. */
  async #settle(realm: RealmName): Promise<void> {
    for (const entry of this.#pending.of(realm)) {
      const record = await this.#parts.profiles.get(realm, entry.id);
      if (record && equals(profileHash(record), entry.profileHash)) this.#list(realm, entry, record);
    }
  }

  async #takeRecords(
    home: RealmName,
    ids: readonly UserId[],
    records: readonly (Uint8Array | undefined)[],
  ): Promise<void> {
    const { profiles } = this.#parts;
    const fitting = ids.flatMap((id, i) => {
      const entry = this.#pending.get(home, id);
      const record = records[i];
      if (entry && record && equals(profileHash(record), entry.profileHash)) return [{ entry, record }];
      this.#pending.postpone(home, id);
      return [];
    });
    await profiles.commit(fitting.map(({ entry, record }) => profiles.put(home, entry.id, record)));
    for (const { entry, record } of fitting) this.#list(home, entry, record);
  }

  /** Whether it is then listed or not, nothing more is to be fetched. */
  #list(home: RealmName, entry: UserEntry, record: Uint8Array): void {
    this.#pending.settle(home, entry);
    this.#parts.users.list(home, entry, record);
  }

  /** Who has the records of that realm's users; of the own ones after a restore those who have followed. */
  #holders(home: RealmName): RealmName[] {
    const { realm, house } = this.#init;
    if (home !== realm) return house === realm || house === home ? [home] : [home, house];
    if (house !== realm) return [house];
    const { ledger } = this.#parts;
    return ledger.realms().flatMap((child) => (child.issuer === realm && child.tier === 'branch' ? [child.realm] : []));
  }

  #fetchIfMissing(realm: RealmName): void {
    if (this.#pending.of(realm).length > 0) this.#fetcher.wake(realm);
  }
}
