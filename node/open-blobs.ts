// Files of this realm: where they lie, who may read them, how much there may be.
import { join } from 'node:path';
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { BlobAccess } from './blobs/blob-access.ts';
import { BlobIndex } from './blobs/blob-index.ts';
import { type BlobRules, DEFAULT_RULES } from './blobs/blob-rules.ts';
import { BlobService } from './blobs/blob-service.ts';
import { EventStore } from './conversations/event-store.ts';
import type { Rosters } from './conversations/rosters.ts';
import type { Ways } from './delivery/ways.ts';
import type { Directory } from './directory/directory.ts';
import type { Ground } from './ground.ts';
import type { GroupRosters } from './groups/group-rosters.ts';
import type { Policies } from './policies/policies.ts';

export interface AccessNeeds {
  readonly rosters: Pick<Rosters, 'find'> & Pick<GroupRosters, 'hasMembersAt' | 'realmsOf'>;
  readonly directory: Pick<Directory, 'findById'>;
}

export interface BlobNeeds {
  /** The one that messages are written by: what they are about to refer to stays. */
  readonly access: BlobAccess;
  readonly network: NodeOverlay;
  readonly ways: Pick<Ways, 'to'>;
  readonly policies: Pick<Policies, 'limit'>;
}

const FOLDER = 'blobs';

export function openBlobAccess({ database, clock }: Ground, { rosters, directory }: AccessNeeds): BlobAccess {
  const store = new EventStore(database);
  return new BlobAccess({
    index: new BlobIndex(database),
    audience: {
      // A roster is the last word: whoever was removed still has the conversation in the list, and no right to its files.
      isMember: async (user, conversation) => {
        const group = await rosters.find(conversation);
        if (group) return group.members.has(user);
        return (await store.members(user, conversation)) !== undefined;
      },
      hasMembersAt: (realm, conversation) => rosters.hasMembersAt(realm, conversation),
      realmsOf: (conversation) => rosters.realmsOf(conversation),
    },
    homeOf: (user) => directory.findById(user)?.home,
    clock,
  });
}

export function openBlobs(ground: Ground, needs: BlobNeeds): BlobService {
  const { realm, database, directory: place, audit, clock, log } = ground;
  const { network, ways, policies, access } = needs;
  return new BlobService({
    realm: realm.realm,
    folder: join(place.node.folder, FOLDER),
    database,
    network,
    ways,
    access,
    rules: () => rulesOf(policies),
    audit,
    clock,
    log,
  });
}

function rulesOf(policies: Pick<Policies, 'limit'>): BlobRules {
  return {
    fileSize: policies.limit('file-size') ?? DEFAULT_RULES.fileSize,
    userQuota: policies.limit('file-quota') ?? DEFAULT_RULES.userQuota,
    store: policies.limit('file-store') ?? DEFAULT_RULES.store,
    retention: policies.limit('file-retention'),
  };
}
