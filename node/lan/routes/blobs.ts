// Files: uploads that grow by whole chunks, and downloads by range. What travels is ciphertext, named by what it holds; a browser
// is told nothing of its type and may neither guess one nor show it. What a user may not read does not exist for that user; asking
// for it is written down.
import { Hono } from 'hono';
import { SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import {
  lackingRequest,
  MAX_APPEND,
  uploadFinishRequest,
  uploadQuery,
  uploadRequest,
} from '../../../src/protocols/lan/file-routes.ts';
import { type BlobId, parseBlobId } from '../../../src/realm/blob-id.ts';
import { within } from '../../../src/realm/deadline.ts';
import { codeOf, InputError, RefusedError, UnreachableError } from '../../../src/realm/errors.ts';
import { formatUserAddress } from '../../../src/realm/user-address.ts';
import type { LanBlobs, OpenedBlob } from '../../blobs/blobs.ts';
import { BlobBody } from '../blob-body.ts';
import type { Caller } from '../caller.ts';
import type { LanComponents } from '../components.ts';
import { bodyOf, formOf, type LanEnv } from '../request.ts';

/** Milliseconds that a reader waits for the first sign of a file that must come from another realm. */
const OPEN_DEADLINE = 20_000;
const UPLOAD = /^[0-9a-f]{32}$/;
const RANGE = /^bytes=(\d{1,15})-(\d{0,15})$/;

export function blobRoutes(components: LanComponents, blobs: LanBlobs): Hono<LanEnv> {
  const { audit, clock } = components;
  const routes = new Hono<LanEnv>();

  /** Runs it; what is refused as unknown is written down. */
  const audited = async <T>({ user }: Caller, what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const code = codeOf(error);
      if (code === 'blob-unknown' || code === 'upload-unknown') {
        await audit.record({ code: 'access-refused', actor: formatUserAddress(user.address), fields: { what } });
      }
      throw error;
    }
  };

  routes.post('/uploads', async (context) => {
    const { size } = await bodyOf(context.req.raw, uploadRequest);
    return context.json(await blobs.create(context.get('caller').user.id, size));
  });

  routes.get('/uploads/:id', async (context) => {
    const caller = context.get('caller');
    const upload = uploadOf(context.req.param('id'));
    return context.json(await audited(caller, 'upload', () => blobs.status(caller.user.id, upload)));
  });

  routes.post('/uploads/:id', async (context) => {
    const caller = context.get('caller');
    const upload = uploadOf(context.req.param('id'));
    const { offset } = formOf(context.req.query(), uploadQuery);
    if (context.req.header('content-type') !== 'application/octet-stream') {
      throw new InputError('request-malformed', 'chunks have the type application/octet-stream');
    }
    const length = lengthOf(context.req.header('content-length'));
    const body = { length, parts: context.req.raw.body ?? [] };
    return context.json(await audited(caller, 'upload', () => blobs.append(caller.user.id, upload, offset, body)));
  });

  routes.post('/uploads/:id/finish', async (context) => {
    const caller = context.get('caller');
    const upload = uploadOf(context.req.param('id'));
    const { blob } = await bodyOf(context.req.raw, uploadFinishRequest);
    await audited(caller, 'upload', () => blobs.finish(caller.user.id, upload, blob));
    return context.json({});
  });

  routes.post('/uploads/:id/abandon', async (context) => {
    const caller = context.get('caller');
    const upload = uploadOf(context.req.param('id'));
    await audited(caller, 'upload', () => blobs.abandon(caller.user.id, upload));
    return context.json({});
  });

  routes.post('/blobs/lacking', async (context) => {
    const { blobs: ids } = await bodyOf(context.req.raw, lackingRequest);
    return context.json({ lacking: await blobs.lacking(context.get('caller').user.id, ids) });
  });

  routes.get('/blobs/:id', async (context) => {
    const caller = context.get('caller');
    const id = blobOf(context.req.param('id'));
    const { signal } = context.req.raw;
    const blob = await audited(caller, 'blob', () =>
      within(clock, OPEN_DEADLINE, 'file', signal, (limited) => blobs.open(caller.user.id, id, limited)).catch(away),
    );
    const range = oneRange(context.req.header('range'));
    return answer(blob, id, { range, isHead: context.req.method === 'HEAD', clock });
  });
  return routes;
}

interface Asked {
  readonly range: string | undefined;
  readonly isHead: boolean;
  readonly clock: LanComponents['clock'];
}

async function answer(blob: OpenedBlob, id: BlobId, { range, isHead, clock }: Asked): Promise<Response> {
  const part = range === undefined ? { from: 0, to: blob.size } : rangeOf(range, blob.size);
  const headers = {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${id}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    etag: `"${id}"`,
  };
  if (!part) {
    await blob.close();
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${blob.size}` } });
  }
  const { from, to } = part;
  const sized = {
    ...headers,
    'content-length': String(to - from),
    ...(range !== undefined && { 'content-range': `bytes ${from}-${to - 1}/${blob.size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (isHead) {
    await blob.close();
    return new Response(null, { status, headers: sized });
  }
  return new Response(new BlobBody(blob, { ...part, chunk: SEALED_CHUNK }, clock).stream(), { status, headers: sized });
}

/** Other forms than one plain range count as none: a server may ignore them (RFC 9110 section 14.2). */
function oneRange(text: string | undefined): string | undefined {
  return text !== undefined && RANGE.test(text) ? text : undefined;
}

/** Undefined when it lies outside. */
function rangeOf(text: string, size: number): { from: number; to: number } | undefined {
  const [, first, last] = RANGE.exec(text) ?? [];
  const from = Number(first);
  const to = last === '' ? size : Math.min(size, Number(last) + 1);
  return from < to ? { from, to } : undefined;
}

/** Told beforehand, so that nothing is read that is too long. @throws InputError `request-malformed`, `request-too-long` */
function lengthOf(length: string | undefined): number {
  if (length === undefined || !/^\d{1,9}$/.test(length))
    throw new InputError('request-malformed', 'chunks have a length');
  if (Number(length) > MAX_APPEND) throw new InputError('request-too-long', `chunks of at most ${MAX_APPEND} bytes`);
  return Number(length);
}

function uploadOf(text: string): string {
  if (UPLOAD.test(text)) return text;
  throw new RefusedError('upload-unknown', 'this is no upload');
}

/** What has another form is as unknown as what is not there. */
function blobOf(text: string): BlobId {
  try {
    return parseBlobId(text);
  } catch (cause) {
    throw new RefusedError('blob-unknown', 'this is no id of a file', { cause });
  }
}

function away(error: unknown): never {
  if (codeOf(error) === 'timeout')
    throw new UnreachableError('blob-away', 'the file is not here yet', { cause: error });
  throw error;
}
