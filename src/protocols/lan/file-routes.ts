// Requests and answers of the LAN API about files, below /api/v1; docs/protocols/files.md is the prose.
//
//   POST uploads                    {size}: bytes of ciphertext        -> upload
//   GET  uploads/:id                                                   -> upload
//   POST uploads/:id?offset=        whole chunks, application/octet-stream, at most MAX_APPEND bytes -> upload
//   POST uploads/:id/finish         {blob}                             -> {}
//   POST uploads/:id/abandon                                           -> {}
//   POST blobs/lacking              {blobs}: at most MAX_LACKING       -> {lacking}: those that the user may read and that are not there
//   GET, HEAD blobs/:id             with or without one range of bytes -> ciphertext
import * as v from 'valibot';
import { MAX_SEALED, SEALED_CHUNK } from '../../crypto/files/sizes.ts';
import { parseBlobId } from '../../realm/blob-id.ts';
import { branded } from './wire.ts';

/** Bytes of one request with chunks: 16 of them. */
export const MAX_APPEND = 16 * SEALED_CHUNK;

const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_SEALED));

export const blobId = branded(parseBlobId);
export const uploadRequest = v.strictObject({ size: bytes });
export const uploadQuery = v.strictObject({ offset: v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number)) });
export const uploadFinishRequest = v.strictObject({ blob: blobId });
/** Blobs of one question for what the server lacks. */
export const MAX_LACKING = 200;
const blobList = v.pipe(v.array(blobId), v.maxLength(MAX_LACKING));
export const lackingRequest = v.strictObject({ blobs: blobList });
export const lackingAnswer = v.object({ lacking: blobList });
/** `offset`: bytes that are on the server's disk. */
export const uploadAnswer = v.object({ upload: v.string(), size: bytes, offset: bytes });
export type UploadAnswer = v.InferOutput<typeof uploadAnswer>;
