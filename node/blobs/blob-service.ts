// Puts the parts of this folder together.
import type { Network } from '../../src/overlay/seam.ts';
import { BlobServer } from '../../src/protocols/blob/server.ts';
import { type BlobId, parseBlobId } from '../../src/realm/blob-id.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Audit } from '../audit/audit.ts';
import type { Ways } from '../delivery/ways.ts';
import { Hourly } from '../hourly.ts';
import type { BlobAccess } from './blob-access.ts';
import { BlobIndex, heldWrite } from './blob-index.ts';
import { BlobReading } from './blob-reading.ts';
import type { BlobRules } from './blob-rules.ts';
import type { LanBlobs } from './blobs.ts';
import { BlobPlaces, type Disk, systemDisk } from './disk.ts';
import { Fetcher } from './fetcher.ts';
import { Quotas, type Usage } from './quotas.ts';
import { Sweep, type SweepReport } from './sweep.ts';
import { Uploads } from './uploads.ts';
import { NO_REPAIR } from './whole-blob.ts';

/** What the log says at the end, with the counters of this run. */
export const STOPPED = 'files stopped';

export interface BlobServiceComponents {
  readonly realm: RealmName;
  /** Of blobs; made when it is missing. */
  readonly folder: string;
  readonly database: Database;
  readonly network: Network;
  readonly ways: Pick<Ways, 'to'>;
  readonly access: BlobAccess;
  readonly rules: () => BlobRules;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk?: Disk;
}

export interface VerifyReport {
  readonly blobs: number;
  readonly bytes: number;
  readonly damaged: readonly { readonly id: BlobId; readonly chunks: number; readonly mended: boolean }[];
}

export class BlobService {
  readonly access: BlobAccess;
  readonly quotas: Quotas;
  readonly #parts: BlobServiceComponents;
  readonly #index: BlobIndex;
  readonly #places: BlobPlaces;
  readonly #uploads: Uploads;
  readonly #fetcher: Fetcher;
  readonly #reading: BlobReading;
  readonly #server: BlobServer;
  readonly #sweep: Sweep;
  readonly #hourly: Hourly;
  readonly #counted = { uploaded_bytes: 0, served_bytes: 0, served_chunks: 0, damaged: 0, swept_bytes: 0 };

  constructor(parts: BlobServiceComponents) {
    const { realm, network, ways, access, rules, audit, clock, log, disk = systemDisk } = parts;
    this.#parts = parts;
    const index = new BlobIndex(parts.database);
    const places = new BlobPlaces(parts.folder, disk);
    this.#index = index;
    this.#places = places;
    this.access = access;
    this.quotas = new Quotas({ index, places, rules });
    this.#uploads = new Uploads({ index, places, disk, quotas: this.quotas, claims: access.claims, clock });
    this.#fetcher = new Fetcher({
      realm,
      network,
      ways,
      places,
      disk,
      clock,
      log,
      assertRoom: (size) => this.quotas.assertRoom(size),
      onWhole: (id, size) => this.#keep(id, size),
      onHostile: (from, why) => this.#audit('blob-hostile', { realm: from, why }),
      holders: async (id) => {
        const all = [...(await this.access.holders(id)), ...(await this.access.elsewhere(id))];
        return [...new Set(all)].filter((holder) => holder !== realm);
      },
    });
    const { quotas } = this;
    const onDamage = (id: BlobId, what: string): void => {
      this.#counted.damaged += 1;
      this.#audit('blob-damaged', { blob: id, what });
    };
    this.#reading = new BlobReading({ realm, index, places, disk, access, fetcher: this.#fetcher, audit, onDamage });
    const open: ConstructorParameters<typeof BlobServer>[0]['open'] = (peer, ask, signal) =>
      this.#reading.forRealm(peer, ask, signal);
    const onServed = (bytes: number): void => {
      this.#counted.served_bytes += bytes;
      this.#counted.served_chunks += 1;
    };
    this.#server = new BlobServer({ network, clock, log, open, onServed });
    const isComing = (id: BlobId): boolean => this.#fetcher.isRunning(id);
    this.#sweep = new Sweep({ index, places, disk, access, uploads: this.#uploads, quotas, rules, isComing, clock });
    this.#hourly = new Hourly(clock, () => this.#sweepQuietly());
  }

  async start(): Promise<void> {
    await this.#places.prepare();
    await this.#uploads.recover();
    await this.#adopt();
    await this.quotas.load();
    this.#fetcher.start();
    this.#server.start();
    await this.#hourly.start();
  }

  async stop(): Promise<void> {
    await this.#hourly.stop();
    await Promise.all([this.#server.stop(), this.#fetcher.stop()]);
    await this.#uploads.stop();
    this.#parts.log.info({ ...this.counters() }, STOPPED);
  }

  get lan(): LanBlobs {
    return {
      create: (user, size) => this.#uploads.create(user, size),
      status: (user, upload) => this.#uploads.status(user, upload),
      append: async (user, upload, offset, body) => {
        const view = await this.#uploads.append(user, upload, offset, body);
        this.#counted.uploaded_bytes += body.length;
        return view;
      },
      finish: (user, upload, id) => this.#uploads.finish(user, upload, id),
      abandon: (user, upload) => this.#uploads.abandon(user, upload),
      lacking: (user, ids) => this.#reading.lacking(user, ids),
      open: (user, id, signal) => this.#reading.forUser(user, id, signal),
    };
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counted, ...this.#fetcher.counted };
  }

  gauges(): Readonly<Record<string, number>> {
    const { blobs, bytes, uploads } = this.quotas.usage;
    return { blobs, bytes, uploads, transfers_running: this.#fetcher.running };
  }

  rules(): BlobRules {
    return this.#parts.rules();
  }

  usage(): { readonly all: Usage; readonly users: readonly (Usage & { readonly user: UserId })[] } {
    const { quotas } = this;
    return { all: quotas.usage, users: quotas.users().map((user) => ({ user, ...quotas.usageOf(user) })) };
  }

  async sweep(dryRun: boolean): Promise<SweepReport> {
    const report = await this.#sweep.run(dryRun);
    if (!dryRun) this.#counted.swept_bytes += report.bytes;
    return report;
  }

  /** Reads every byte. What is damaged is fetched again where a realm that has it can be reached, unless it is a dry run. */
  async verify(dryRun: boolean, signal: AbortSignal): Promise<VerifyReport> {
    const damaged: VerifyReport['damaged'][number][] = [];
    let [blobs, bytes] = [0, 0];
    for await (const held of this.#index.allHeld()) {
      blobs += 1;
      bytes += held.size;
      const chunks = await this.#damagedOf(held.id, held.size, signal);
      if (chunks === 0) continue;
      damaged.push({ id: held.id, chunks, mended: !dryRun && (await this.#mend(held.id, held.size, signal)) });
    }
    return { blobs, bytes, damaged };
  }

  async #damagedOf(id: BlobId, size: number, signal: AbortSignal): Promise<number> {
    const blob = this.#reading.whole({ id, size, since: 0 }, NO_REPAIR);
    try {
      return (await blob.damaged(signal)).length;
    } catch {
      return blob.count;
    } finally {
      await blob.close();
    }
  }

  async #mend(id: BlobId, size: number, signal: AbortSignal): Promise<boolean> {
    const blob = this.#reading.whole({ id, size, since: 0 }, this.#fetcher);
    try {
      for (let index = 0; index < blob.count; index++) await blob.chunk(index, signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.#parts.log.warn({ blob: id, why: messageOf(error) }, 'damaged file not mended');
      return false;
    } finally {
      await blob.close();
    }
  }

  /** A blob that came from elsewhere is whole. */
  async #keep(id: BlobId, size: number): Promise<void> {
    const coming = this.#places.coming(id);
    await this.#places.publish(coming, id);
    await this.#index.commit([heldWrite({ id, size, since: this.#parts.clock.now() })]);
    this.quotas.keep(id, size);
    await this.#places.remove(coming);
  }

  /** Files that got their name right before the power went, and no record. */
  async #adopt(): Promise<void> {
    const { disk = systemDisk, clock, log } = this.#parts;
    for (const name of await this.#places.wholeIds()) {
      const id = parseBlobId(name);
      if (await this.#index.held(id)) continue;
      const { size } = await disk.stat(this.#places.whole(id).data);
      if ((await this.#damagedOf(id, size, new AbortController().signal)) > 0) {
        log.warn({ blob: id }, 'a stored file that is not what it is called was removed');
        await this.#places.remove(this.#places.whole(id));
      } else await this.#index.commit([heldWrite({ id, size, since: clock.now() })]);
    }
  }

  async #sweepQuietly(): Promise<void> {
    const { log } = this.#parts;
    await this.sweep(false).then(
      (report) => log.debug({ ...report }, 'files swept'),
      (error: unknown) => log.error({ why: messageOf(error) }, 'files could not be swept'),
    );
  }

  #audit(code: string, fields: Readonly<Record<string, string>>): void {
    const { audit, log } = this.#parts;
    audit.record({ code, fields }).catch((error: unknown) => {
      log.error({ code, error: messageOf(error) }, 'audit record not written');
    });
  }
}
