// What the operator may do with stored files over the control socket.
import type { UserId } from '../src/realm/ids.ts';
import { formatUserAddress } from '../src/realm/user-address.ts';
import { FILE_REQUEST, type FilesUsage } from './admin/file-api.ts';
import { type PartRoutes, partRoute } from './admin/server.ts';
import type { Audit } from './audit/audit.ts';
import type { BlobRules } from './blobs/blob-rules.ts';
import type { BlobService } from './blobs/blob-service.ts';
import type { Directory } from './directory/directory.ts';

export interface FileOperatorComponents {
  readonly blobs: Pick<BlobService, 'usage' | 'verify' | 'sweep' | 'rules' | 'counters'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly audit: Pick<Audit, 'record'>;
}

export function fileRoutes({ blobs, directory, audit }: FileOperatorComponents): PartRoutes {
  const address = (user: UserId): string => {
    const known = directory.findById(user);
    return known ? formatUserAddress(known.address) : user;
  };
  const stopping = new AbortController().signal;
  return {
    'GET /v1/files': async (): Promise<FilesUsage> => {
      const { all, users } = blobs.usage();
      const limits = limitsOf(blobs.rules());
      const named = users.map(({ user, ...usage }) => ({ ...usage, user: address(user) }));
      return { all: { ...all }, limits, counters: { ...blobs.counters() }, users: named };
    },
    'POST /v1/files/verify': partRoute(FILE_REQUEST, async ({ dryRun }) => {
      const report = await blobs.verify(dryRun, stopping);
      const fields = { blobs: report.blobs, damaged: report.damaged.length, dryRun };
      await audit.record({ code: 'files-verified', actor: 'operator', fields });
      return report;
    }),
    'POST /v1/files/gc': partRoute(FILE_REQUEST, async ({ dryRun }) => {
      const report = await blobs.sweep(dryRun);
      if (!dryRun) await audit.record({ code: 'files-swept', actor: 'operator', fields: { ...report } });
      return report;
    }),
  };
}

function limitsOf({ fileSize, userQuota, store, retention }: BlobRules): FilesUsage['limits'] {
  return { fileSize, userQuota, store: store === Number.MAX_SAFE_INTEGER ? null : store, retention: retention ?? null };
}
