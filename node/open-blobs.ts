// Files of this realm: where they lie, who may read them, how much there may be.
import { join } from 'node:path';
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import type { BlobAudience } from './blobs/blob-access.ts';
import { DEFAULT_RULES } from './blobs/blob-rules.ts';
import { BlobService } from './blobs/blob-service.ts';
import { EventStore } from './conversations/event-store.ts';
import type { Ways } from './delivery/ways.ts';
import type { Directory } from './directory/directory.ts';
import type { Ground } from './ground.ts';

export interface BlobNeeds {
  readonly network: NodeOverlay;
  readonly ways: Pick<Ways, 'to'>;
  readonly directory: Pick<Directory, 'findById'>;
}

const FOLDER = 'blobs';

export function openBlobs(ground: Ground, { network, ways, directory }: BlobNeeds): BlobService {
  const { realm, database, directory: place, audit, clock, log } = ground;
  const store = new EventStore(database);
  const audience: BlobAudience = {
    isMember: async (user, conversation) => (await store.members(user, conversation)) !== undefined,
    hasMembersAt: async () => false,
  };
  return new BlobService({
    realm: realm.realm,
    folder: join(place.node.folder, FOLDER),
    database,
    network,
    ways,
    audience,
    homeOf: (user) => directory.findById(user)?.home,
    rules: () => DEFAULT_RULES,
    audit,
    clock,
    log,
  });
}
