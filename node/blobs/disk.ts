// Where blobs lie on disk, and what may be done there. Every name below the folder is made here, of identifiers that hold nothing
// but hexadecimal digits: no path and no name from outside is ever part of one.
//
//   blobs/ab/ab….blob   a whole blob, `.list` the hashes of its chunks
//   blobs/up/….part     an upload under way, `.list` the hashes of what is on disk of it
//   blobs/in/….part     a blob that comes from another realm, `.want` the hashes that it must have, `.list` of what is here
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobId } from '../../src/realm/blob-id.ts';
import { CanopyError, LocalError, messageOf } from '../../src/realm/errors.ts';

/** The part of node:fs/promises that is used, so that a test can stand between. */
export interface Disk {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly rm: typeof rm;
  readonly mkdir: typeof mkdir;
  readonly readdir: typeof readdir;
  readonly stat: typeof stat;
  readonly statfs: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }>;
}

export const systemDisk: Disk = { open, rename, rm, mkdir, readdir, stat, statfs };

export interface BlobFile {
  readonly folder: string;
  readonly data: string;
  readonly list: string;
}

const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;
const UPLOADS = 'up';
const COMING = 'in';
const SHELF = /^[0-9a-f]{2}$/;
const WHOLE = /^([0-9a-f]{64})\.blob$/;
const PART = /^([0-9a-f]+)\.(part|list|want)$/;

export class BlobPlaces {
  readonly #folder: string;
  readonly #disk: Disk;

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  whole(id: BlobId): BlobFile {
    const folder = join(this.#folder, id.slice(0, 2));
    return { folder, data: join(folder, `${id}.blob`), list: join(folder, `${id}.list`) };
  }

  /** @param upload hexadecimal digits of our own making */
  upload(upload: string): BlobFile {
    return this.#partial(UPLOADS, upload);
  }

  coming(id: BlobId): BlobFile & { readonly want: string } {
    const file = this.#partial(COMING, id);
    return { ...file, want: join(file.folder, `${id}.want`) };
  }

  async prepare(): Promise<void> {
    for (const name of [UPLOADS, COMING]) await this.makeFolder(join(this.#folder, name));
  }

  async makeFolder(folder: string): Promise<void> {
    await this.#disk.mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  }

  /** Ids of the whole blobs that lie here, whether or not anybody knows of them. */
  async wholeIds(): Promise<string[]> {
    const shelves = (await this.#disk.readdir(this.#folder)).filter((name) => SHELF.test(name));
    const names = await Promise.all(shelves.map((shelf) => this.#disk.readdir(join(this.#folder, shelf))));
    return names.flat().flatMap((name) => WHOLE.exec(name)?.[1] ?? []);
  }

  /** Names of uploads, or of blobs that come, of which anything lies here. */
  async partNames(kind: 'upload' | 'coming'): Promise<string[]> {
    const names = await this.#disk.readdir(join(this.#folder, kind === 'upload' ? UPLOADS : COMING));
    return [...new Set(names.flatMap((name) => PART.exec(name)?.[1] ?? []))];
  }

  async remove(file: BlobFile & { readonly want?: string }): Promise<void> {
    for (const path of [file.data, file.list, ...(file.want === undefined ? [] : [file.want])]) {
      await this.#disk.rm(path, { force: true });
    }
  }

  /** Of a partial file, which is on disk by now: gives it the name of a whole one. On disk when it resolves. */
  async publish(part: BlobFile, id: BlobId): Promise<void> {
    const whole = this.whole(id);
    await this.makeFolder(whole.folder);
    // Either may have its name already, from before the power went.
    for (const [from, to] of [
      [part.list, whole.list],
      [part.data, whole.data],
    ] as const) {
      await this.#disk.rename(from, to).catch(async (cause: unknown) => {
        if (!isMissing(cause) || !(await this.#isThere(to))) throw cause;
      });
    }
    for (const folder of [whole.folder, part.folder, this.#folder]) await this.syncFolder(folder);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await this.#disk.statfs(this.#folder);
    return bavail * bsize;
  }

  /** Names that were given in it are on disk when it resolves. */
  async syncFolder(folder: string): Promise<void> {
    const handle = await this.#disk.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async #isThere(path: string): Promise<boolean> {
    return this.#disk.stat(path).then(
      () => true,
      () => false,
    );
  }

  #partial(kind: string, name: string): BlobFile {
    const folder = join(this.#folder, kind);
    return { folder, data: join(folder, `${name}.part`), list: join(folder, `${name}.list`) };
  }
}

/** What went wrong with a file, in words that an operator and a client can act upon. */
export function diskTrouble(cause: unknown): CanopyError {
  if (cause instanceof CanopyError) return cause;
  if (hasCode(cause, 'ENOSPC', 'EDQUOT', 'EFBIG')) {
    return new LocalError('disk-full', 'The disk for files is full; nothing of this was acknowledged', {
      cause,
      hint: 'Make room on the disk of the data directory, or set a lower file-store policy.',
    });
  }
  return new LocalError('files-failed', `A stored file cannot be read or written: ${messageOf(cause)}`, { cause });
}

export function isMissing(cause: unknown): boolean {
  return hasCode(cause, 'ENOENT');
}

function hasCode(cause: unknown, ...codes: readonly string[]): boolean {
  return cause instanceof Error && 'code' in cause && codes.includes(String(cause.code));
}
