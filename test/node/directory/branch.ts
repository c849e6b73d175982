// A realm's node for tests, up to its accounts: real certificates, a fake disk and a fake network, a clock that the test moves.
import { AuditLog } from '../../../node/audit/audit-log.ts';
import { CountedAudit } from '../../../node/audit/counted-audit.ts';
import type { AccountService } from '../../../node/directory/account-service.ts';
import type { IdentityService } from '../../../node/directory/identity-service.ts';
import type { KeyBook } from '../../../node/directory/key-book.ts';
import type { UserDirectory } from '../../../node/directory/user-directory.ts';
import { WritePermit } from '../../../node/incarnation/write-permit.ts';
import { type LedgerService, openLedger } from '../../../node/ledger/ledger-service.ts';
import type { MoveService } from '../../../node/moving/move-service.ts';
import { openMoving } from '../../../node/open-moving.ts';
import { openUsers } from '../../../node/open-users.ts';
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
  readonly keys: KeyBook;
  readonly identities: IdentityService;
  readonly moving: MoveService;
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
  // Who checks a statement has the certificates of a realm; here it is the ledger's key that signs.
  const signStatement = async (statement: Uint8Array) => signer.sign(statement);
  const ground = { realm: { realm }, database, clock, log: silentLog, audit: new CountedAudit(audit), house };
  const opened = await openUsers(ground, { network, ledger, signStatement });
  const { users: directory, accounts, keys, identities } = opened;
  const isColleague = (of: RealmName): boolean => houseOf({ realm: of, tier: overlay.tierOf(of) }) === house;
  const moving = openMoving(ground, { ...opened, network, ledger, signStatement, isColleague });
  return {
    realm,
    keys,
    identities,
    moving,
    database,
    audit,
    ledger,
    directory,
    accounts,
    disk,
    advance,
    start: async () => {
      directory.start();
      await moving.start();
      await ledger.start();
    },
    stop: async () => {
      await ledger.stop();
      await moving.stop();
      await directory.stop();
      await database.close();
    },
  };
}
