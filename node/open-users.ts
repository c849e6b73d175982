// Who there is, who may log in here, and whose keys are whose.

import type { Network } from '../src/overlay/seam.ts';
import type { DeviceId, UserId } from '../src/realm/ids.ts';
import { type AccountService, openAccounts } from './directory/account-service.ts';
import { BranchLock } from './directory/branch-lock.ts';
import { DeviceService } from './directory/device-service.ts';
import type { IdentityJudge } from './directory/identity-judge.ts';
import { IdentityService } from './directory/identity-service.ts';
import { KeyBook } from './directory/key-book.ts';
import { type LockStore, openLockStore } from './directory/lock-store.ts';
import { openSessions } from './directory/session-store.ts';
import { openDirectory, type UserDirectory } from './directory/user-directory.ts';
import type { Ground } from './ground.ts';
import type { LedgerService } from './ledger/ledger-service.ts';

export interface OpenedUsers {
  readonly users: UserDirectory;
  readonly accounts: AccountService;
  readonly keys: KeyBook;
  readonly identities: IdentityService;
  readonly devices: DeviceService;
  readonly lock: BranchLock;
  /** Whether it is locked, for whoever lets somebody in. */
  readonly lockStore: LockStore;
}

export interface UserNeeds {
  readonly network: Network;
  readonly ledger: LedgerService;
  /** Absent in tests whose realms have no authority. */
  readonly judge?: IdentityJudge;
  /** By the realm's authority. */
  readonly signStatement: (statement: Uint8Array) => Promise<Uint8Array>;
}

/** What people need of the ground. */
export type UserGround = Pick<Ground, 'database' | 'clock' | 'log' | 'audit' | 'house'> & {
  readonly realm: Pick<Ground['realm'], 'realm'>;
};

export async function openUsers(
  ground: UserGround,
  { network, ledger, signStatement, judge }: UserNeeds,
): Promise<OpenedUsers> {
  const { realm: file, database, clock, log, audit, house } = ground;
  const { realm } = file;
  const users = await openDirectory({ database, ledger, network, clock, log }, { realm, house });
  const keys = new KeyBook({ store: ledger.store, log, ...(judge && { judge: { realm, identities: judge } }) });
  await keys.load();
  const lockStore = await openLockStore(database);
  const sessions = await openSessions({ database, clock, log, lock: lockStore });
  const base = { database, clock, log, audit, sessions };
  const accounts = await openAccounts({ ...base, directory: users, keys, lock: lockStore }, { realm });
  const { vaults, store } = accounts;
  const chain = ledger.ownDirectory;
  const isSignedIn = (user: UserId, device: DeviceId): boolean =>
    sessions.list(user).some((session) => session.device.id === device);
  const identities = new IdentityService(realm, {
    chain,
    book: keys,
    vaults,
    accounts: store,
    audit,
    clock,
    signStatement,
    isSignedIn,
  });
  const devices = new DeviceService({ store: accounts.devices, sessions, identities, audit, clock });
  await devices.load();
  const deviceStore = accounts.devices;
  const lock = new BranchLock({ store: lockStore, sessions, devices, deviceStore, identities, audit, clock, log });
  return { users, accounts, keys, identities, devices, lock, lockStore };
}
