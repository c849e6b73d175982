// Unix sockets have short names: 107 bytes on Linux (unix(7)). A longer path is reached through an open folder.
import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

const MAX_SOCKET_PATH = 107;

export interface ShortPath {
  readonly path: string;
  /** To be called when the path is no longer used. */
  release(): Promise<void>;
}

export async function socketPath(path: string): Promise<ShortPath> {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return { path, release: async () => {} };
  const folder = await open(dirname(path), 'r');
  return { path: `/proc/self/fd/${folder.fd}/${basename(path)}`, release: () => folder.close() };
}
