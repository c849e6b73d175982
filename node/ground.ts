// What all parts of a node stand on: its directory, settings, database, identity, and its place among the realms.
import { houseOf } from '../src/overlay/scope.ts';
import { type Trust, validateAuthority } from '../src/pki/chain.ts';
import type { Clock } from '../src/realm/clock.ts';
import type { CanopyError } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName, Tier } from '../src/realm/names.ts';
import type { DataDirectory } from '../src/settings/data-directory.ts';
import { readChain } from '../src/settings/key-files.ts';
import { type LiveIdentity, openIdentity } from '../src/settings/live-identity.ts';
import type { RealmFile } from '../src/settings/realm-file.ts';
import type { Settings } from '../src/settings/settings.ts';
import { finishReplacement } from '../src/settings/staged-credential.ts';
import type { Database } from '../src/store/database.ts';
import { incarnationCertificate, openIncarnation } from '../src/store/incarnation.ts';
import { AuditLog } from './audit/audit-log.ts';
import { CountedAudit } from './audit/counted-audit.ts';
import { PacedAudit } from './audit/paced-audit.ts';
import { NodeCharter } from './charter.ts';
import { type MarkVerdict, readVerdict } from './incarnation/boot-mark.ts';
import { WritePermit } from './incarnation/write-permit.ts';
import { ShownLists } from './revocations/shown-lists.ts';

export interface NodeInit {
  readonly directory: DataDirectory;
  readonly settings: Settings;
  readonly realm: RealmFile;
  readonly clock: Clock;
  readonly log: Log;
  /** Asks that the node be stopped and opened anew. */
  readonly reopen?: () => void;
}

export interface Placed {
  readonly realm: RealmName;
  readonly tier: Tier;
}

export interface Ground extends NodeInit {
  readonly database: Database;
  /** What reading the database has found damaged, if anything. */
  readonly damage: () => CanopyError | undefined;
  readonly incarnation: number;
  /** What certifies it; none for the first. */
  readonly certificate: Uint8Array | undefined;
  /** Whether the files are those that ran last. */
  readonly verdict: MarkVerdict;
  readonly permit: WritePermit;
  readonly audit: CountedAudit;
  readonly identity: LiveIdentity;
  /** This realm and those above it, nearest first, as its certificates say. */
  readonly lineage: readonly Placed[];
  /** The realm whose branches are colleagues: the one right above a branch, else this realm itself. */
  readonly house: RealmName;
  /** Asked wherever a certificate is judged. */
  readonly charter: NodeCharter;
  readonly isRevoked: NonNullable<Trust['isRevoked']>;
}

export async function openGround(init: NodeInit, database: Database, damage: Ground['damage']): Promise<Ground> {
  const { realm, directory, clock } = init;
  await finishReplacement(directory.authority);
  const lineage = await findLineage(init);
  const shown = new ShownLists(database);
  const charter = new NodeCharter({ rootFingerprint: realm.rootFingerprint, log: init.log, shown });
  return {
    ...init,
    database,
    damage,
    incarnation: await openIncarnation(database, realm.realm),
    certificate: await incarnationCertificate(database),
    verdict: await readVerdict(directory.node.mark, database),
    permit: new WritePermit('checking'),
    audit: new CountedAudit(new PacedAudit(new AuditLog({ database, clock }), clock)),
    identity: await openIdentity(directory, realm, 'node'),
    lineage,
    house: houseOf(lineage[0] ?? realm),
    charter,
    isRevoked: (serial, issuer) => charter.isRevoked(serial, issuer),
  };
}

/** Who a realm is does not depend on the day. */
const ANY_AGE = { grace: Number.MAX_SAFE_INTEGER, graceAbove: Number.MAX_SAFE_INTEGER };

async function findLineage({ directory, realm, clock }: NodeInit): Promise<Placed[]> {
  const { rootFingerprint } = realm;
  const chain = await readChain(directory.authority);
  const own = await validateAuthority(chain, { rootFingerprint, now: clock.now(), ...ANY_AGE });
  return [own, ...own.authorities].map(({ realm, tier }) => ({ realm, tier }));
}
