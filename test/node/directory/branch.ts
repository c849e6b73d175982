// A realm's node for tests, up to its accounts: real certificates, a fake disk and a fake network, a clock that the test moves.
import { AuditLog } from '../../../node/audit/audit-log.ts';
import { type AccountService, openAccounts } from '../../../node/directory/account-service.ts';
import { openSessions } from '../../../node/directory/session-store.ts';
import { openDirectory, type UserDirectory } from '../../../node/directory/user-directory.ts';
import { WritePermit } from '../../../node/incarnation/write-permit.ts';
import { type LedgerService, openLedger } from '../../../node/ledger/ledger-service.ts';
import { houseOf } from '../../../src/overlay/scope.ts';
import { type Clock, systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parentOf, type RealmName } from '../../../src/realm/names.ts';
import { createDatabase, type Database } from '../../../src/store/database.ts';
import type { Engine } from '../../../src/store/engine.ts';
import { openIncarnation } from '../../../src/store/incarnation.ts';
import { checkChain, overlay, signerOf } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';

export interface Branch {
  readonly realm: RealmName;
  readonly database: Database;
  readonly audit: AuditLog;
  readonly ledger: LedgerService;
  readonly directory: UserDirectory;
  readonly accounts: AccountService;
  readonly disk: ForgetfulDisk;
  /** Moves the clock that logins and sessions see. */
  advance(milliseconds: number): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface BranchOptions {
  readonly networks?: PairedNetworks;
  readonly disk?: ForgetfulDisk;
  /** Instead of a forgetful disk. */
  readonly engine?: Engine;
  readonly signer?: Awaited<ReturnType<typeof signerOf>>;
}

function movable(): { clock: Clock; advance(milliseconds: number): void } {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead, monotonic: () => systemClock.monotonic() + ahead };
  return {
    clock,
    advance: (milliseconds) => {
      ahead += milliseconds;
    },
  };
}

export async function openBranch(realm: RealmName, options: BranchOptions = {}): Promise<Branch> {
  const disk = options.disk ?? new ForgetfulDisk();
  const database = await createDatabase(options.engine ?? disk.openEngine());
  const tier = overlay.tierOf(realm);
  const house = houseOf({ realm, tier });
  const signer = options.signer ?? (await signerOf(realm));
  const { clock, advance } = movable();
  const audit = new AuditLog({ database, clock });
  const network = (options.networks ?? new PairedNetworks()).of(realm, tier);
  const parts = {
    database,
    network,
    clock: systemClock,
    log: silentLog,
    audit,
    random: () => 0,
    permit: new WritePermit(),
  };
  const incarnation = await openIncarnation(database, realm);
  const ledger = await openLedger(
    { ...parts, checkChain: await checkChain(), signer: () => signer },
    { realm, parent: tier === 'region' ? undefined : parentOf(realm), house, incarnation },
  );
  const directory = await openDirectory({ ...parts, ledger }, { realm, house });
  const sessions = await openSessions({ database, clock, log: silentLog });
  const accounts = await openAccounts({ database, clock, audit, log: silentLog, sessions, directory }, { realm });
  return {
    realm,
    database,
    audit,
    ledger,
    directory,
    accounts,
    disk,
    advance,
    start: async () => {
      directory.start();
      await ledger.start();
    },
    stop: async () => {
      await ledger.stop();
      await directory.stop();
      await database.close();
    },
  };
}
