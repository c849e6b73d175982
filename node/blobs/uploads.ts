// Uploads of the clients of this LAN. One is made with its size, grows by whole chunks, and is finished under the id that its chunks
// must have; every answer means that what it speaks of is on disk. A client that was cut off asks how far its upload is, and goes
// on there.
import { randomBytes } from 'node:crypto';
import { equals } from 'uint8arrays/equals';
import { chunkHash } from '../../src/crypto/files/chunk-list.ts';
import { isSealedSize, SEALED_CHUNK } from '../../src/crypto/files/sizes.ts';
import { MAX_APPEND } from '../../src/protocols/lan/file-routes.ts';
import { type BlobId, blobIdBytes } from '../../src/realm/blob-id.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import { Turns } from '../conversations/turns.ts';
import type { BlobClaims } from './blob-claims.ts';
import { type BlobIndex, heldWrite, ownerWrite, type UploadRecord, uploadRemoval, uploadWrite } from './blob-index.ts';
import { type BlobPlaces, type Disk, diskTrouble } from './disk.ts';
import { PartialFile } from './partial-file.ts';
import type { Quotas } from './quotas.ts';

/** Requests that may write at one time: of one user, and of all. */
const MAX_WRITING_EACH = 4;
const MAX_WRITING = 32;
/** Milliseconds after which the files of an upload that rests are closed. */
const REST = 60_000;
const NAME_BYTES = 16;

export interface UploadView {
  readonly upload: string;
  readonly size: number;
  /** Bytes that are on disk. */
  readonly offset: number;
}

export interface UploadsComponents {
  readonly index: BlobIndex;
  readonly places: BlobPlaces;
  readonly disk: Disk;
  readonly quotas: Quotas;
  readonly claims: Pick<BlobClaims, 'claim'>;
  readonly clock: Clock;
}

interface OpenUpload {
  readonly file: Promise<PartialFile>;
  timer: Timer | undefined;
}

export class Uploads {
  readonly #parts: UploadsComponents;
  readonly #turns = new Turns();
  readonly #open = new Map<string, OpenUpload>();
  readonly #writing = new Map<UserId, number>();
  #allWriting = 0;

  constructor(parts: UploadsComponents) {
    this.#parts = parts;
  }

  /** @throws InputError `bad-size`; RefusedError `file-too-long`, `quota-exceeded`, `too-many-uploads`, `store-full`; LocalError `disk-full` */
  async create(user: UserId, size: number): Promise<UploadView> {
    const { index, quotas, clock, places } = this.#parts;
    if (!isSealedSize(size)) throw new InputError('bad-size', `no file has ${size} bytes when it is sealed`);
    return this.#turns.run(user, async () => {
      await quotas.assertMayUpload(user, size);
      const record = { upload: randomBytes(NAME_BYTES).toString('hex'), user, size, since: clock.now() };
      await index.commit([uploadWrite(record)]);
      quotas.announce(record.upload, user, size);
      await this.#fileOf(record);
      await places.syncFolder(places.upload(record.upload).folder);
      return { upload: record.upload, size, offset: 0 };
    });
  }

  /** @throws RefusedError `upload-unknown`, also for an upload of somebody else */
  async status(user: UserId, upload: string): Promise<UploadView> {
    return this.#turns.run(upload, async () => {
      const record = await this.#of(user, upload);
      const { size, offset } = await this.#fileOf(record);
      await this.#settle(upload);
      return { upload, size, offset };
    });
  }

  /**
   * Chunks are written as they come: a client that is cut off in the middle has lost the one that was on its way, and no other.
   * @throws RefusedError `upload-unknown`, `blob-busy`; ConflictError `upload-offset`; InputError `bad-chunk`; LocalError `disk-full`
   */
  async append(user: UserId, upload: string, offset: number, body: UploadBody): Promise<UploadView> {
    const { size } = assertWhole(await this.#of(user, upload), offset, body.length);
    let at = offset;
    try {
      for await (const chunk of wholeChunks(body, size - offset)) {
        at = await this.#whileRoom(user, () => this.#turns.run(upload, () => this.#append(user, upload, at, chunk)));
      }
    } finally {
      await this.#turns.run(upload, () => this.#settle(upload));
    }
    return { upload, size, offset: at };
  }

  async #append(user: UserId, upload: string, offset: number, chunk: Uint8Array): Promise<number> {
    const record = await this.#of(user, upload);
    const file = await this.#fileOf(record);
    if (offset !== file.offset) throw new ConflictError('upload-offset', `The upload has ${file.offset} bytes`);
    await file.append([chunk], [await chunkHash(chunk)], false);
    return file.offset;
  }

  /** What was written reaches the disk before anybody is told of it. */
  async #settle(upload: string): Promise<void> {
    const file = await this.#open.get(upload)?.file.catch(() => undefined);
    await file?.sync();
  }

  /**
   * Gives it its name. The same again is harmless.
   * @throws RefusedError `upload-unknown`; ConflictError `upload-unfinished`; InputError `blob-mismatch`: it is another file, and is gone
   */
  async finish(user: UserId, upload: string, id: BlobId): Promise<void> {
    await this.#turns.run(upload, async () => {
      if (!(await this.#parts.index.upload(upload)) && (await this.#parts.index.owns(id, user))) return;
      const record = await this.#of(user, upload);
      const file = await this.#fileOf(record);
      if (file.offset !== record.size) {
        throw new ConflictError('upload-unfinished', `The upload has ${file.offset} of ${record.size} bytes`);
      }
      if (!equals(await file.list.digest('blob', record.size), blobIdBytes(id))) {
        await this.#remove(record);
        throw new InputError('blob-mismatch', `What was uploaded is not ${id}`);
      }
      await this.#name({ ...record, id });
    });
  }

  /** @throws RefusedError `upload-unknown` */
  async abandon(user: UserId, upload: string): Promise<void> {
    await this.#turns.run(upload, async () => this.#remove(await this.#of(user, upload)));
  }

  /** What a stop or a fall interrupted: names are given that were promised, files without a record go. */
  async recover(): Promise<void> {
    const { index, places } = this.#parts;
    const known = new Set<string>();
    for await (const record of index.uploads()) {
      known.add(record.upload);
      if (record.id) await this.#giveName({ ...record, id: record.id });
    }
    for (const name of await places.partNames('upload')) {
      if (!known.has(name)) await places.remove(places.upload(name));
    }
  }

  /** Uploads that were begun before then and never finished. */
  async removeBefore(time: number, dryRun: boolean): Promise<number> {
    let removed = 0;
    for await (const record of this.#parts.index.uploads()) {
      if (record.since >= time || record.id) continue;
      removed += 1;
      if (!dryRun) await this.#turns.run(record.upload, () => this.#remove(record));
    }
    return removed;
  }

  async stop(): Promise<void> {
    for (const upload of this.#open.keys()) await this.#turns.run(upload, () => this.#close(upload));
  }

  async #of(user: UserId, upload: string): Promise<UploadRecord> {
    const record = await this.#parts.index.upload(upload);
    if (record?.user !== user || record.id) throw new RefusedError('upload-unknown', 'no such upload of this user');
    return record;
  }

  async #name(record: UploadRecord & { readonly id: BlobId }): Promise<void> {
    await this.#parts.index.commit([uploadWrite(record)]);
    await this.#giveName(record);
  }

  async #giveName({ upload, user, size, id }: UploadRecord & { readonly id: BlobId }): Promise<void> {
    const { index, places, quotas, clock, claims } = this.#parts;
    const since = clock.now();
    await this.#close(upload);
    // From here on the sweep leaves it alone, also if it lay here before and nobody referred to it.
    await claims.claim(id);
    if (await index.held(id)) await places.remove(places.upload(upload));
    else await places.publish(places.upload(upload), id).catch(throwTrouble);
    await index.commit([heldWrite({ id, size, since }), ownerWrite({ id, user, size, since }), uploadRemoval(upload)]);
    quotas.withdraw(upload);
    quotas.keep(id, size);
    quotas.own(user, id, size);
  }

  async #remove({ upload }: UploadRecord): Promise<void> {
    const { index, places, quotas } = this.#parts;
    await this.#close(upload);
    await index.commit([uploadRemoval(upload)]);
    quotas.withdraw(upload);
    await places.remove(places.upload(upload));
  }

  /** Kept open while it is worked on. */
  #fileOf({ upload, size }: UploadRecord): Promise<PartialFile> {
    const { places, disk, clock } = this.#parts;
    const found = this.#open.get(upload) ?? {
      file: PartialFile.open(disk, places.upload(upload), size),
      timer: undefined,
    };
    this.#open.set(upload, found);
    found.timer?.cancel();
    found.timer = clock.after(REST, () => void this.#turns.run(upload, () => this.#close(upload)));
    found.file.catch(() => this.#open.delete(upload));
    return found.file;
  }

  async #close(upload: string): Promise<void> {
    const open = this.#open.get(upload);
    this.#open.delete(upload);
    open?.timer?.cancel();
    await open?.file.then((file) => file.close()).catch(() => {});
  }

  async #whileRoom<T>(user: UserId, work: () => Promise<T>): Promise<T> {
    const own = this.#writing.get(user) ?? 0;
    if (own >= MAX_WRITING_EACH || this.#allWriting >= MAX_WRITING) {
      throw new RefusedError('blob-busy', 'too many uploads write at this moment');
    }
    this.#writing.set(user, own + 1);
    this.#allWriting += 1;
    try {
      return await work();
    } finally {
      this.#allWriting -= 1;
      const left = (this.#writing.get(user) ?? 1) - 1;
      if (left > 0) this.#writing.set(user, left);
      else this.#writing.delete(user);
    }
  }
}

/** Bytes of a request; as they come. */
export interface UploadBody {
  readonly length: number;
  readonly parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** @throws InputError `bad-chunk` */
function assertWhole(record: UploadRecord, offset: number, length: number): UploadRecord {
  const rest = record.size - offset;
  const isWhole = length === rest || (length < rest && length % SEALED_CHUNK === 0);
  if (isWhole && length <= MAX_APPEND && length > 0) return record;
  throw new InputError('bad-chunk', `${length} bytes are no whole chunks of what is missing (${rest})`);
}

/** What comes in any pieces, as chunks; the last of a file may be shorter. @throws InputError `bad-chunk` when there is more or less than was said */
async function* wholeChunks({ length, parts }: UploadBody, rest: number): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(Math.min(SEALED_CHUNK, rest));
  let [filled, seen] = [0, 0];
  for await (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + chunk.length - filled);
      if (seen + piece.length > length)
        throw new InputError('bad-chunk', `more than the ${length} bytes that were said`);
      chunk.set(piece, filled);
      [filled, seen, at] = [filled + piece.length, seen + piece.length, at + piece.length];
      if (filled < chunk.length) continue;
      yield chunk;
      chunk = new Uint8Array(Math.min(SEALED_CHUNK, Math.max(1, rest - seen)));
      filled = 0;
    }
  }
  if (seen !== length) throw new InputError('bad-chunk', `${seen} of the ${length} bytes that were said`);
}

function throwTrouble(cause: unknown): never {
  throw diskTrouble(cause);
}
