// Files of this computer, for the client library: read while they are sent, written while they come. What comes grows beside its name,
// as NAME.part, and gets the name when all of it is there and is what it should be; nothing that exists is ever overwritten.
import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { FileSink, FileSource } from '../../src/client/files/places.ts';
import { InputError, LocalError, messageOf } from '../../src/realm/errors.ts';
import { readAt, writeAt } from '../../src/store/file-bytes.ts';

/** What people send most; for everything else the receiver's own means decide. */
const TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
  '.txt': 'text/plain',
  '.mp4': 'video/mp4',
  '.zip': 'application/zip',
};
const MAX_NAME = 200;
const MAX_COPIES = 1000;

export interface OpenedSource extends FileSource {
  close(): Promise<void>;
}

/** @throws InputError `no-such-file` */
export async function openSource(path: string): Promise<OpenedSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('it is no plain file');
    return sourceOf(path, handle, found);
  } catch (cause) {
    await handle?.close();
    throw new InputError('no-such-file', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function sourceOf(
  path: string,
  handle: FileHandle,
  found: { size: number; mtimeMs: number; ino: number },
): OpenedSource {
  return {
    name: basename(path),
    size: found.size,
    type: TYPES[extname(path).toLowerCase()] ?? '',
    mark: `${resolve(path)}/${found.ino}/${found.mtimeMs}`,
    read: (from, length) => readAt(handle, from, length),
    close: () => handle.close(),
  };
}

/** A name from another person, as a name in one folder: no path, nothing hidden, nothing that a system takes for something else. */
export function plainName(name: string): string {
  const plain = name
    .replaceAll(/[\p{Cc}\p{Cf}/\\:*?"<>|]/gu, '_')
    .replace(/^[.\s]+/, '')
    .replace(/[.\s]+$/, '')
    .slice(0, MAX_NAME);
  if (plain === '' || /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain)) return `file-${plain}`;
  return plain;
}

/** Into this folder, by the sender's name for it. */
export class DiskSink implements FileSink {
  readonly #folder: string;
  readonly #name: string;
  #handle: FileHandle | undefined;
  /** Once it is finished. */
  path: string | undefined;

  /** @param mark tells apart what has the same name: the id of the blob */
  constructor(folder: string, name: string, mark: string) {
    this.#folder = folder;
    this.#name = plainName(name);
    this.#part = join(folder, `${this.#name}.${mark.slice(0, 16)}.part`);
  }

  readonly #part: string;

  async have(): Promise<number> {
    return stat(this.#part).then(
      ({ size }) => size,
      () => 0,
    );
  }

  async read(from: number, length: number): Promise<Uint8Array> {
    return readAt(await this.#opened(), from, length);
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    await writeAt(await this.#opened(), at, bytes);
  }

  async finish(): Promise<void> {
    await (await this.#opened()).sync();
    await this.close();
    this.path = await this.#giveName();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #opened(): Promise<FileHandle> {
    if (this.#handle) return this.#handle;
    await (await open(this.#part, 'a', 0o600)).close();
    this.#handle = await open(this.#part, 'r+');
    return this.#handle;
  }

  /** A link fails where a name is taken; a rename would not. */
  async #giveName(): Promise<string> {
    const end = extname(this.#name);
    const stem = this.#name.slice(0, this.#name.length - end.length);
    for (let copy = 1; copy < MAX_COPIES; copy++) {
      const path = join(this.#folder, copy === 1 ? this.#name : `${stem} (${copy})${end}`);
      if (await tryName(this.#part, path)) return path;
    }
    throw new LocalError('name-taken', `${this.#folder} has ${MAX_COPIES} files called ${this.#name}`);
  }
}

async function tryName(part: string, path: string): Promise<boolean> {
  try {
    await link(part, path);
    await rm(part);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    // Not every file system knows links.
    if (await stat(path).catch(() => undefined)) return false;
    await rename(part, path);
    return true;
  }
}
