// Brings blobs of other realms here: one transfer for each, whoever waits for it, people of this realm and realms that ask through
// it alike. Where a realm may be asked directly it is, else the next one on the tree, which asks on.
import type { ChunkList } from '../../src/crypto/files/chunk-list.ts';
import type { Network } from '../../src/overlay/seam.ts';
import { askForBlob, type BlobSink } from '../../src/protocols/blob/client.ts';
import type { BlobId } from '../../src/realm/blob-id.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { LocalError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Ways } from '../delivery/ways.ts';
import type { BlobPlaces, Disk } from './disk.ts';
import { type Source, Transfer } from './transfer.ts';
import type { Repair } from './whole-blob.ts';

export interface FetcherComponents {
  readonly realm: RealmName;
  readonly network: Pick<Network, 'open' | 'onPath'>;
  readonly ways: Pick<Ways, 'to'>;
  readonly places: BlobPlaces;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly assertRoom: (size: number) => Promise<void>;
  /** Its last chunk is on disk. */
  readonly onWhole: (id: BlobId, size: number) => Promise<void>;
  readonly onHostile: (realm: RealmName, code: string) => void;
  /** Realms that may have a copy. */
  readonly holders: (id: BlobId) => Promise<readonly RealmName[]>;
}

/** Transfers at one time; more wait. */
const MAX_TRANSFERS = 16;

export class Fetcher implements Repair {
  readonly #parts: FetcherComponents;
  readonly #transfers = new Map<BlobId, Transfer>();
  readonly #runs = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #unfollow: () => void = () => {};
  readonly counted = { fetched_bytes: 0, fetched_chunks: 0, transfers: 0, hostile: 0, repaired_chunks: 0 };

  constructor(parts: FetcherComponents) {
    this.#parts = parts;
  }

  start(): void {
    this.#unfollow = this.#parts.network.onPath(() => {
      for (const transfer of this.#transfers.values()) transfer.wake();
    });
  }

  async stop(): Promise<void> {
    this.#unfollow();
    this.#stopping.abort(new UnreachableError('stopping', 'The node is stopping'));
    await Promise.all(this.#runs);
  }

  isRunning(id: BlobId): boolean {
    return this.#transfers.has(id);
  }

  /** Whether it is coming, and from somebody else than the realm that wants it of us. */
  isComingBesideFrom(id: BlobId, realm: RealmName): boolean {
    return this.#transfers.get(id)?.asksBeside(realm) === true;
  }

  get running(): number {
    return this.#transfers.size;
  }

  /** The transfer of a blob; it is begun unless it runs. @throws RefusedError `no-way`, `blob-busy` */
  of(id: BlobId, origins: readonly RealmName[], reader: RealmName = this.#parts.realm): Transfer {
    const sources = origins.flatMap((origin) => this.source(origin, reader) ?? []);
    const running = this.#transfers.get(id);
    if (running) {
      for (const source of sources) running.addSource(source);
      return running;
    }
    if (sources.length === 0) throw new RefusedError('no-way', `nobody may be asked for ${id}`);
    if (this.#transfers.size >= MAX_TRANSFERS) throw new UnreachableError('blob-busy', 'too many files come at once');
    return this.#begin(id, sources);
  }

  /** Whom to ask for what came from a realm; undefined when that is this one, or no way leads there. */
  source(origin: RealmName, reader: RealmName = this.#parts.realm): Source | undefined {
    const way = this.#parts.ways.to(origin);
    if (way.kind === 'none') return undefined;
    return { next: way.kind === 'direct' ? origin : way.next, reader, origin };
  }

  /** Whether the reader may have it, by the word of the origin. @throws RefusedError; UnreachableError */
  async assertMayGo(id: BlobId, origin: RealmName, reader: RealmName, signal: AbortSignal): Promise<void> {
    const source = this.source(origin, reader);
    if (!source) throw new RefusedError('no-way', `no way leads to ${origin}`);
    await askForBlob(this.#parts, source.next, { id, reader, origin, first: 0, count: 0 }, NOTHING, signal);
  }

  async chunk(id: BlobId, index: number, list: ChunkList, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.#fromAny(id, { first: index, list }, signal);
    this.counted.repaired_chunks += 1;
    return bytes.chunk;
  }

  async list(id: BlobId, signal: AbortSignal): Promise<ChunkList> {
    return (await this.#fromAny(id, { first: 0, list: undefined }, signal)).list;
  }

  #begin(id: BlobId, sources: readonly Source[]): Transfer {
    const { places, network, clock, disk, log, assertRoom, onWhole, onHostile } = this.#parts;
    const transfer = new Transfer(id, sources, {
      network,
      clock,
      disk,
      log,
      file: places.coming(id),
      assertRoom,
      finish: (size) => onWhole(id, size),
      onChunk: (bytes) => {
        this.counted.fetched_bytes += bytes;
        this.counted.fetched_chunks += 1;
      },
      onHostile: (realm, code) => {
        this.counted.hostile += 1;
        onHostile(realm, code);
      },
    });
    this.counted.transfers += 1;
    this.#transfers.set(id, transfer);
    const run = transfer.start(this.#stopping.signal).finally(() => {
      this.#transfers.delete(id);
      this.#runs.delete(run);
    });
    this.#runs.add(run);
    return transfer;
  }

  async #fromAny(id: BlobId, { first, list }: { first: number; list: ChunkList | undefined }, signal: AbortSignal) {
    for (const holder of await this.#parts.holders(id)) {
      const source = this.source(holder);
      if (!source) continue;
      const got = new OneChunk(list);
      try {
        const ask = { id, reader: source.reader, origin: source.origin, first, count: 1 };
        await askForBlob(this.#parts, source.next, ask, got, signal);
        return got.result();
      } catch (error) {
        signal.throwIfAborted();
        this.#parts.log.info({ from: holder, cause: String(error) }, 'no repair of a file from there');
      }
    }
    throw new LocalError('blob-damaged', `${id} is damaged on disk, and nobody who has it can be reached`);
  }
}

class OneChunk implements BlobSink {
  readonly list: ChunkList | undefined;
  #list: ChunkList | undefined;
  #bytes: Uint8Array | undefined;

  constructor(list: ChunkList | undefined) {
    this.list = list;
  }

  async head(_size: number, list: ChunkList): Promise<void> {
    this.#list = list;
  }

  async chunk(_index: number, bytes: Uint8Array): Promise<void> {
    this.#bytes = bytes;
  }

  result(): { chunk: Uint8Array; list: ChunkList } {
    if (!this.#bytes || !this.#list) throw new UnreachableError('stream-ended', 'no chunk came');
    return { chunk: this.#bytes, list: this.#list };
  }
}

const NOTHING: BlobSink = { list: undefined, head: async () => {}, chunk: async () => {} };
