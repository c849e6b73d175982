// Opens blobs: for people of this realm, who need a message that refers to one, and for other realms, whose people do.
import type { Peer } from '../../src/overlay/seam.ts';
import type { BlobAsk } from '../../src/protocols/blob/index.ts';
import type { BlobId } from '../../src/realm/blob-id.ts';
import { PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';
import type { Audit } from '../audit/audit.ts';
import { type BlobAccess, unknown } from './blob-access.ts';
import type { BlobIndex, HeldBlob } from './blob-index.ts';
import type { OpenedBlob } from './blobs.ts';
import type { BlobPlaces, Disk } from './disk.ts';
import type { Fetcher } from './fetcher.ts';
import type { Transfer } from './transfer.ts';
import { type Repair, WholeBlob } from './whole-blob.ts';

/** Blobs that one user may have open at one time. */
const MAX_OPEN_EACH = 16;
const MAX_OPEN = 512;

/** Whom to ask for what does not lie here. */
interface Sources {
  readonly known?: readonly RealmName[];
  /** Other realms with members too. For people of this realm alone: realms that ask know those as well, and would ask in a circle. */
  readonly elsewhere?: boolean;
  /** The realm for which it is asked: it has not got it. */
  readonly asker?: RealmName;
}

export interface BlobReadingComponents {
  readonly realm: RealmName;
  readonly index: BlobIndex;
  readonly places: BlobPlaces;
  readonly disk: Disk;
  readonly access: BlobAccess;
  readonly fetcher: Fetcher;
  readonly audit: Pick<Audit, 'record'>;
  readonly onDamage: (id: BlobId, what: string) => void;
}

export class BlobReading {
  readonly #parts: BlobReadingComponents;
  readonly #open = new Map<UserId, number>();
  #allOpen = 0;

  constructor(parts: BlobReadingComponents) {
    this.#parts = parts;
  }

  async forUser(user: UserId, id: BlobId, signal: AbortSignal): Promise<OpenedBlob> {
    if (!(await this.#parts.access.mayRead(user, id))) throw unknown(id);
    const own = this.#open.get(user) ?? 0;
    if (own >= MAX_OPEN_EACH || this.#allOpen >= MAX_OPEN) throw new RefusedError('blob-busy', 'too many are open');
    this.#open.set(user, own + 1);
    this.#allOpen += 1;
    const done = once(() => this.#closed(user));
    try {
      const blob = await this.#opened(id, signal, { elsewhere: true });
      return { ...blob, close: () => blob.close().finally(done) };
    } catch (error) {
      done();
      throw error;
    }
  }

  async lacking(user: UserId, ids: readonly BlobId[]): Promise<BlobId[]> {
    const { index, access } = this.#parts;
    const found: BlobId[] = [];
    for (const id of ids) if (!(await index.held(id)) && (await access.mayRead(user, id))) found.push(id);
    return found;
  }

  /** @throws RefusedError `out-of-way`, `blob-unknown`, `blob-expired`, `no-way`; UnreachableError `blob-away` */
  async forRealm({ realm: peer }: Peer, ask: BlobAsk, signal: AbortSignal): Promise<OpenedBlob> {
    const { realm, access } = this.#parts;
    const { id, reader, origin } = ask;
    if (peer !== reader && nextOnTree(realm, reader) !== peer) {
      throw new RefusedError('out-of-way', `${peer} does not stand between ${realm} and ${reader}`);
    }
    if (await access.mayGo(reader, id)) return this.#permitted(ask, signal);
    if (origin === realm) {
      await this.#parts.audit.record({ code: 'access-refused', actor: reader, fields: { what: 'blob', by: peer } });
      throw unknown(id);
    }
    return this.#asked(ask, peer, signal);
  }

  whole(held: HeldBlob, repair: Repair): WholeBlob {
    const { disk, places, onDamage } = this.#parts;
    return new WholeBlob(held, places.whole(held.id), { disk, repair, onDamage });
  }

  /**
   * Who is asked as if it were the origin, because the origin has lost it, gives what lies here and waits for nobody: all who are asked
   * so may be asking one another.
   */
  async #permitted({ id, reader, origin }: BlobAsk, signal: AbortSignal): Promise<OpenedBlob> {
    const { realm, access, index } = this.#parts;
    if (origin === realm && !(await access.cameFrom(realm, id)) && !(await index.held(id))) throw expired(id);
    return this.#opened(id, signal, { known: [origin], asker: reader });
  }

  /** Neither reader nor origin, but between the two: the origin decides, and what comes is kept for the next reader. */
  async #asked({ id, origin, reader }: BlobAsk, peer: RealmName, signal: AbortSignal): Promise<OpenedBlob> {
    const { fetcher, index } = this.#parts;
    const source = fetcher.source(origin, reader);
    if (!source) throw new RefusedError('no-way', `no way leads to ${origin}`);
    if (source.next === peer) throw new RefusedError('out-of-way', `${peer} is itself on the way to ${origin}`);
    const held = await index.held(id);
    if (!held && !fetcher.isRunning(id)) return this.#arriving(fetcher.of(id, [origin], reader), signal);
    await fetcher.assertMayGo(id, origin, reader, signal);
    return this.#opened(id, signal, { known: [origin], asker: reader });
  }

  async #opened(id: BlobId, signal: AbortSignal, { known = [], elsewhere, asker }: Sources): Promise<OpenedBlob> {
    const { index, access, fetcher, realm } = this.#parts;
    const held = await index.held(id);
    if (held) return wholeBlob(this.whole(held, fetcher));
    const more = elsewhere ? await access.elsewhere(id) : [];
    const all = new Set([...known, ...(await access.holders(id)), ...more]);
    const holders = [...all].filter((holder) => holder !== realm && holder !== asker);
    // Its transfer may have ended since: it would be fetched a second time.
    const arrived = fetcher.isRunning(id) ? undefined : await index.held(id);
    if (arrived) return wholeBlob(this.whole(arrived, fetcher));
    const isComing = asker !== undefined && fetcher.isComingBesideFrom(id, asker);
    if (holders.length === 0 && !isComing) throw expired(id);
    return this.#arriving(fetcher.of(id, holders), signal);
  }

  async #arriving(transfer: Transfer, signal: AbortSignal): Promise<OpenedBlob> {
    transfer.join();
    const leave = once(() => void transfer.leave());
    try {
      const size = await transfer.size(signal);
      return {
        size,
        list: async (until) => (await transfer.list(until)).bytes,
        chunk: (index, until) => transfer.chunk(index, until),
        close: async () => leave(),
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  #closed(user: UserId): void {
    this.#allOpen -= 1;
    const left = (this.#open.get(user) ?? 1) - 1;
    if (left > 0) this.#open.set(user, left);
    else this.#open.delete(user);
  }
}

function wholeBlob(blob: WholeBlob): OpenedBlob {
  return {
    size: blob.size,
    list: async (signal) => (await blob.list(signal)).bytes,
    chunk: (index, signal) => {
      if (index >= blob.count) throw new PeerError('bad-chunk', `chunk ${index} of ${blob.count}`);
      return blob.chunk(index, signal);
    },
    close: () => blob.close(),
  };
}

const expired = (id: BlobId): RefusedError => new RefusedError('blob-expired', `${id} lies here no more`);

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
