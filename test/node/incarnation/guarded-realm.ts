// A realm's ledger and the guard of its incarnation, the real ones, over a network and a disk in memory.

import { AuditLog } from '../../../node/audit/audit-log.ts';
import type { MarkVerdict } from '../../../node/incarnation/boot-mark.ts';
import { IncarnationGuard } from '../../../node/incarnation/guard.ts';
import { WitnessBook } from '../../../node/incarnation/witness-book.ts';
import { WritePermit } from '../../../node/incarnation/write-permit.ts';
import { type LedgerService, openLedger } from '../../../node/ledger/ledger-service.ts';
import { houseOf } from '../../../src/overlay/scope.ts';
import type { NumberedHead } from '../../../src/protocols/heads/frames.ts';
import { CHAINS } from '../../../src/protocols/ledger/entry.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parentOf, type RealmName } from '../../../src/realm/names.ts';
import { createDatabase, type Database } from '../../../src/store/database.ts';
import { incarnationCertificate, openIncarnation } from '../../../src/store/incarnation.ts';
import { checkChain, overlay, signerOf } from '../../protocols/ledger/ledger-realm.ts';
import type { PairedNetworks } from '../../protocols/paired-network.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';

export interface GuardedRealm {
  readonly realm: RealmName;
  readonly disk: ForgetfulDisk;
  readonly database: Database;
  readonly ledger: LedgerService;
  readonly permit: WritePermit;
  readonly guard: IncarnationGuard;
  readonly audit: AuditLog;
  /** How often the guard asked to be opened anew. */
  readonly reopened: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface GuardedOptions {
  readonly networks: PairedNetworks;
  readonly disk?: ForgetfulDisk;
  readonly verdict?: MarkVerdict;
  readonly signer?: Awaited<ReturnType<typeof signerOf>>;
  readonly followers?: readonly RealmName[];
  /** What has come from others, by realm. */
  readonly inbound?: ReadonlyMap<RealmName, NumberedHead>;
  /** What the own outbox has on disk for every destination. */
  readonly outboxEnd?: () => NumberedHead;
}

export async function openGuarded(realm: RealmName, options: GuardedOptions): Promise<GuardedRealm> {
  const { networks, verdict = 'same', followers = [], inbound = new Map() } = options;
  const disk = options.disk ?? new ForgetfulDisk();
  const database = await createDatabase(disk.openEngine());
  const tier = overlay.tierOf(realm);
  const parent = tier === 'region' ? undefined : parentOf(realm);
  const signer = options.signer ?? (await signerOf(realm));
  const audit = new AuditLog({ database, clock: systemClock });
  const permit = new WritePermit('checking');
  const network = networks.of(realm, tier);
  const shared = { database, network, clock: systemClock, log: silentLog, audit, permit, signer: () => signer };
  const incarnation = await openIncarnation(database, realm);
  const certificate = await incarnationCertificate(database);
  const ledger = await openLedger(
    { ...shared, random: () => 0, checkChain: await checkChain() },
    { realm, parent, house: houseOf({ realm, tier }), incarnation, certificate },
  );
  const ends = async (of: RealmName) => {
    const seen = inbound.get(of);
    return new Map(seen ? [[seen.incarnation, seen.n]] : []);
  };
  const book = new WitnessBook(realm, { ...shared, store: ledger.store, proofs: ledger.proofs, inbound: ends });
  const opened = {
    realm,
    disk,
    database,
    ledger,
    permit,
    audit,
    reopened: 0,
    guard: new IncarnationGuard(
      {
        ...shared,
        store: ledger.store,
        book,
        followers: () => followers,
        outboxEnd: async () => options.outboxEnd?.() ?? { incarnation, n: 0 },
        isConvicted: async () => {
          const proven = CHAINS.map((chain) => ledger.proofs.against({ realm, chain }, incarnation));
          return (await Promise.all(proven)).some((proof) => proof !== undefined);
        },
        renewMark: async () => undefined,
        reopen: () => {
          opened.reopened++;
        },
      },
      { realm, parent, incarnation, verdict },
    ),
    start: async () => {
      await ledger.start();
      await opened.guard.start();
    },
    stop: async () => {
      await opened.guard.stop();
      await ledger.stop();
      await database.close();
    },
  };
  return opened;
}
