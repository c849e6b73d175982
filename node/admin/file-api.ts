// Stored files over the control socket; routes beside those of api.ts.
//
//   GET  /v1/files                 FilesUsage    what lies here, and whose
//   POST /v1/files/verify {dryRun} FilesVerdict  reads every byte; fetches again what is damaged, unless it is a dry run
//   POST /v1/files/gc {dryRun}     FilesSwept    takes away what nobody needs
import * as v from 'valibot';
import type { AdminClient } from './api.ts';

const count = v.number();
const usage = { blobs: count, bytes: count, uploads: count, announced: count };
const filesUsage = v.object({
  all: v.object(usage),
  limits: v.object({ fileSize: count, userQuota: count, store: v.nullable(count), retention: v.nullable(count) }),
  /** Since the start of the node. */
  counters: v.record(v.string(), count),
  users: v.array(v.object({ ...usage, user: v.string() })),
});
export type FilesUsage = v.InferOutput<typeof filesUsage>;

const filesVerdict = v.object({
  blobs: count,
  bytes: count,
  damaged: v.array(v.object({ id: v.string(), chunks: count, mended: v.boolean() })),
});
export type FilesVerdict = v.InferOutput<typeof filesVerdict>;

const filesSwept = v.object({ unreferenced: count, expired: count, uploads: count, partial: count, bytes: count });
export type FilesSwept = v.InferOutput<typeof filesSwept>;

export const FILE_REQUEST = v.object({ dryRun: v.boolean() });

/** Milliseconds; a terabyte takes about an hour to read. */
const LONG = 6 * 60 * 60 * 1000;

export class FileClient {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  usage(): Promise<FilesUsage> {
    return this.#admin.ask('/v1/files', filesUsage);
  }

  verify(dryRun: boolean): Promise<FilesVerdict> {
    return this.#admin.ask('/v1/files/verify', filesVerdict, { dryRun }, LONG);
  }

  collect(dryRun: boolean): Promise<FilesSwept> {
    return this.#admin.ask('/v1/files/gc', filesSwept, { dryRun }, LONG);
  }
}
