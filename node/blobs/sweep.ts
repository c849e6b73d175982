// Takes away what nobody needs: uploads that were given up, what came in part and stopped, blobs to which no message refers any
// more, and those that are older than the realm's policy keeps them. Looks once an hour, and when the operator asks.
import type { BlobId } from '../../src/realm/blob-id.ts';
import { blobIdOf } from '../../src/realm/blob-id.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { BlobAccess } from './blob-access.ts';
import { type BlobIndex, type HeldBlob, heldRemoval, ownerRemoval } from './blob-index.ts';
import type { BlobRules } from './blob-rules.ts';
import type { BlobPlaces, Disk } from './disk.ts';
import type { Quotas } from './quotas.ts';
import type { Uploads } from './uploads.ts';

const DAY = 24 * 60 * 60 * 1000;
/** An upload becomes part of a message within this time. */
const GRACE = DAY;
/** Unfinished uploads and transfers that stopped. */
const PATIENCE = 7 * DAY;

export interface SweepReport {
  readonly unreferenced: number;
  readonly expired: number;
  readonly uploads: number;
  readonly partial: number;
  /** Of whole blobs. */
  readonly bytes: number;
}

export interface SweepComponents {
  readonly index: BlobIndex;
  readonly places: BlobPlaces;
  readonly disk: Pick<Disk, 'stat'>;
  readonly access: BlobAccess;
  readonly uploads: Uploads;
  readonly quotas: Quotas;
  readonly rules: () => BlobRules;
  readonly isComing: (id: BlobId) => boolean;
  readonly clock: Pick<Clock, 'now'>;
}

export class Sweep {
  readonly #parts: SweepComponents;

  constructor(parts: SweepComponents) {
    this.#parts = parts;
  }

  async run(dryRun = false): Promise<SweepReport> {
    const { index, uploads, clock, access } = this.#parts;
    const found = { unreferenced: 0, expired: 0, bytes: 0 };
    for await (const { id } of index.allHeld()) {
      await access.claims.unlessClaimed(id, async () => {
        // What the walk saw may be old by now: a blob that was uploaded again has another time.
        const held = await index.held(id);
        const why = held && (await this.#why(held));
        if (!why) return;
        found[why] += 1;
        found.bytes += held.size;
        if (!dryRun) await this.#remove(id);
      });
    }
    const removed = await uploads.removeBefore(clock.now() - PATIENCE, dryRun);
    return { ...found, uploads: removed, partial: await this.#sweepPartial(dryRun) };
  }

  async #why({ id, since }: HeldBlob): Promise<'expired' | 'unreferenced' | undefined> {
    const { rules, clock, access } = this.#parts;
    const { retention } = rules();
    if (retention !== undefined && since + retention <= clock.now()) return 'expired';
    if (since + GRACE > clock.now() || (await access.isReferred(id))) return undefined;
    return 'unreferenced';
  }

  async #remove(id: BlobId): Promise<void> {
    const { index, places, quotas } = this.#parts;
    const writes = [heldRemoval(id)];
    for await (const { user } of index.owners(id)) {
      writes.push(ownerRemoval(id, user));
      quotas.disown(user, id);
    }
    await index.commit(writes);
    quotas.drop(id);
    await places.remove(places.whole(id));
  }

  async #sweepPartial(dryRun: boolean): Promise<number> {
    const { places, isComing } = this.#parts;
    let removed = 0;
    for (const name of await places.partNames('coming')) {
      const id = blobIdOf(new Uint8Array(Buffer.from(name, 'hex')));
      if (isComing(id) || !(await this.#isOld(id))) continue;
      removed += 1;
      if (!dryRun) await places.remove(places.coming(id));
    }
    return removed;
  }

  async #isOld(id: BlobId): Promise<boolean> {
    const { disk, places, clock } = this.#parts;
    const { mtimeMs } = await disk.stat(places.coming(id).data).catch(() => ({ mtimeMs: 0 }));
    return mtimeMs + PATIENCE <= clock.now();
  }
}
