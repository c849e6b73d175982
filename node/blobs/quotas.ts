// What lies here and who brought it, counted in memory from the index; and whether there is room for more.
import type { BlobId } from '../../src/realm/blob-id.ts';
import { LocalError, RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { BlobIndex } from './blob-index.ts';
import type { BlobRules } from './blob-rules.ts';
import type { BlobPlaces } from './disk.ts';

/** Bytes of the disk that files never take: the database and its compactions live there too. */
const RESERVE = 512 * 1024 * 1024;
/** Unfinished uploads of one user. */
const MAX_UPLOADS = 64;
/** Files of one user, so that tiny ones without end take no disk full of names. */
export const MAX_FILES = 100_000;

export interface QuotaComponents {
  readonly index: BlobIndex;
  readonly places: Pick<BlobPlaces, 'freeBytes'>;
  readonly rules: () => BlobRules;
}

export interface Usage {
  readonly blobs: number;
  readonly bytes: number;
  /** Of uploads that are not finished: announced, not yet written. */
  readonly uploads: number;
  readonly announced: number;
}

export class Quotas {
  readonly #parts: QuotaComponents;
  readonly #held = new Map<BlobId, number>();
  readonly #owned = new Map<UserId, Map<BlobId, number>>();
  readonly #announced = new Map<string, { readonly user: UserId; readonly size: number }>();
  #bytes = 0;

  constructor(parts: QuotaComponents) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    const { index } = this.#parts;
    for await (const { id, size } of index.allHeld()) this.keep(id, size);
    for await (const { id, user, size } of index.owners()) this.own(user, id, size);
    for await (const { upload, user, size } of index.uploads()) this.announce(upload, user, size);
  }

  keep(id: BlobId, size: number): void {
    if (!this.#held.has(id)) this.#bytes += size;
    this.#held.set(id, size);
  }

  drop(id: BlobId): void {
    this.#bytes -= this.#held.get(id) ?? 0;
    this.#held.delete(id);
  }

  own(user: UserId, id: BlobId, size: number): void {
    const blobs = this.#owned.get(user) ?? new Map<BlobId, number>();
    this.#owned.set(user, blobs.set(id, size));
  }

  disown(user: UserId, id: BlobId): void {
    const blobs = this.#owned.get(user);
    blobs?.delete(id);
    if (blobs?.size === 0) this.#owned.delete(user);
  }

  announce(upload: string, user: UserId, size: number): void {
    this.#announced.set(upload, { user, size });
  }

  withdraw(upload: string): void {
    this.#announced.delete(upload);
  }

  get usage(): Usage {
    return {
      blobs: this.#held.size,
      bytes: this.#bytes,
      uploads: this.#announced.size,
      announced: [...this.#announced.values()].reduce((sum, { size }) => sum + size, 0),
    };
  }

  users(): readonly UserId[] {
    return [...new Set([...this.#owned.keys(), ...[...this.#announced.values()].map(({ user }) => user)])];
  }

  usageOf(user: UserId): Usage {
    const owned = [...(this.#owned.get(user)?.values() ?? [])];
    const announced = [...this.#announced.values()].filter((one) => one.user === user);
    const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
    const announcedBytes = sum(announced.map(({ size }) => size));
    return { blobs: owned.length, bytes: sum(owned), uploads: announced.length, announced: announcedBytes };
  }

  /** @throws RefusedError `file-too-long`, `quota-exceeded`, `too-many-uploads`; as `assertRoom` */
  async assertMayUpload(user: UserId, size: number): Promise<void> {
    const { fileSize, userQuota } = this.#parts.rules();
    if (size > fileSize) throw new RefusedError('file-too-long', `A file of ${size} bytes; at most ${fileSize}`);
    const { blobs, bytes, uploads, announced } = this.usageOf(user);
    if (blobs + uploads >= MAX_FILES) throw new RefusedError('quota-exceeded', `${blobs} files are here already`);
    if (uploads >= MAX_UPLOADS) throw new RefusedError('too-many-uploads', `${uploads} uploads are unfinished`);
    if (bytes + announced + size > userQuota) {
      throw new RefusedError('quota-exceeded', `${bytes + announced} of ${userQuota} bytes are taken`);
    }
    await this.assertRoom(size);
  }

  /** @throws RefusedError `store-full`; LocalError `disk-full` */
  async assertRoom(size: number): Promise<void> {
    const { rules, places } = this.#parts;
    const { announced } = this.usage;
    if (this.#bytes + announced + size > rules().store) {
      throw new RefusedError('store-full', `This realm holds ${this.#bytes} of ${rules().store} bytes of files`);
    }
    const free = await places.freeBytes();
    if (size + RESERVE > free) {
      throw new LocalError('disk-full', `${free} bytes of the disk are free; ${RESERVE} stay so`, {
        hint: 'Make room on the disk of the data directory.',
      });
    }
  }
}
