// What /readyz answers from.
import { statfs } from 'node:fs/promises';
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { parseCertificate } from '../src/pki/certificate.ts';
import type { Clock } from '../src/realm/clock.ts';
import { type CanopyError, codeOf } from '../src/realm/errors.ts';
import type { LiveIdentity } from '../src/settings/live-identity.ts';
import type { Database } from '../src/store/database.ts';
import { key } from '../src/store/keys.ts';
import type { WritePermit } from './incarnation/write-permit.ts';
import type { HealthCheck } from './lan/components.ts';

export interface HealthParts {
  readonly database: Pick<Database, 'commit'>;
  readonly damage: () => CanopyError | undefined;
  readonly network: Pick<NodeOverlay, 'relay'>;
  readonly identity: Pick<LiveIdentity, 'chain'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly permit: Pick<WritePermit, 'withheld'>;
  /** The data directory. */
  readonly path: string;
}

const MIB = 1024 * 1024;
/** With less the store's next compaction may fail. */
const LITTLE_DISK = 256 * MIB;
/** Written and never read: whether a write reaches the disk. */
const PROBE = key('health', 'probe');

export function healthChecks(parts: HealthParts): () => Promise<readonly HealthCheck[]> {
  const { network, identity, clock, permit } = parts;
  return async () => [
    await checkStore(parts),
    checkCertificate(identity, clock.now()),
    await checkDisk(parts),
    { name: 'uplink', ok: network.relay.connected },
    { name: 'incarnation', ok: permit.withheld === undefined, ...(permit.withheld ? { detail: permit.withheld } : {}) },
  ];
}

/** What is damaged is refused where it is read, and stays so until somebody puts it right. */
async function checkStore({ database, damage, clock }: HealthParts): Promise<HealthCheck> {
  const found = damage();
  if (found) return { name: 'store', ok: false, detail: found.code };
  try {
    await database.commit([{ type: 'put', key: PROBE, value: new TextEncoder().encode(String(clock.now())) }]);
    return { name: 'store', ok: true };
  } catch (error) {
    return { name: 'store', ok: false, detail: codeOf(error) };
  }
}

function checkCertificate({ chain: [leaf] }: Pick<LiveIdentity, 'chain'>, now: number): HealthCheck {
  return { name: 'certificate', ok: leaf !== undefined && parseCertificate(leaf).notAfter > now };
}

async function checkDisk({ path }: HealthParts): Promise<HealthCheck> {
  try {
    const { bavail, bsize } = await statfs(path);
    const free = Math.floor((bavail * bsize) / MIB);
    return { name: 'disk', ok: bavail * bsize >= LITTLE_DISK, detail: `${free} MiB free` };
  } catch (error) {
    return { name: 'disk', ok: false, detail: codeOf(error) };
  }
}
