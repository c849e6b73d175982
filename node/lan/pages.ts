// The built web client. The folder is read once, at start: a request can only name a file that was there, so no path leads
// out of it. What the build named by its content may be kept for ever, all else is asked for anew.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Hono } from 'hono';
import type { LanEnv } from './request.ts';

interface Page {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  readonly cache: string;
}

export type Pages = ReadonlyMap<string, Page>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};
const INDEX = '/index.html';
const HASHED = /^\/assets\//;

export async function readPages(folder: string): Promise<Pages> {
  const pages = new Map<string, Page>();
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const type = TYPES[extname(entry.name).toLowerCase()];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    const body = new Uint8Array(await readFile(file));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const cache = HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
    pages.set(path, { body, type, etag, cache });
  }
  return pages;
}

export function addPages(app: Hono<LanEnv>, pages: Pages): void {
  app.get('*', async (context, next) => {
    const page =
      pages.get(context.req.path === '/' ? INDEX : context.req.path) ?? applicationPage(pages, context.req.path);
    if (!page) return next();
    context.header('cache-control', page.cache);
    context.header('etag', page.etag);
    if (context.req.header('if-none-match') === page.etag) return context.body(null, 304);
    return context.body(page.body, 200, { 'content-type': page.type });
  });
}

/** Addresses inside the web client, `/chat/…`, are all its one page; what looks like a file or the API is not. */
function applicationPage(pages: Pages, path: string): Page | undefined {
  return path.startsWith('/api/') || extname(path) !== '' ? undefined : pages.get(INDEX);
}
