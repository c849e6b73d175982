// Files that were chosen to be sent, sealed in the cache until they are: a page that is reloaded has lost what a person attached, and
// nobody can attach a recording or a picture from the clipboard again. Of what is too large only the name is kept: the person is asked
// for the file once more. Gone with the cache when this device is wiped.
//
// Cache records, here for those that wait to be sent: in `kept-files`, by id, JSON [1, name, size, type, mark, note, whether it is here]; in `kept-file/ID` its pieces by number.
import * as v from 'valibot';
import type { ClientCache } from '../cache/cache.ts';
import type { FileSource } from './places.ts';

/** Area: of the records `<area>s`, of the pieces `<area>/<id>`. Bytes of one file, and of all together, that are kept. */
export interface KeepingLimits {
  readonly area: string;
  readonly each: number;
  readonly total: number;
}

const TO_BE_SENT: KeepingLimits = { area: 'kept-file', each: 128 * 1024 * 1024, total: 512 * 1024 * 1024 };
const PIECE = 1024 * 1024;

const form = v.tuple([v.literal(1), v.string(), v.number(), v.string(), v.string(), v.string(), v.boolean()]);

export interface KeptFile {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly mark: string;
  /** Of who keeps it: what is to become of it. */
  readonly note: string;
  /** Whether its bytes are here, or it has to be chosen again. */
  readonly isHere: boolean;
}

export interface KeepRequest {
  readonly id: string;
  readonly source: FileSource;
  readonly note: string;
  readonly signal: AbortSignal;
}

export class KeptFiles {
  readonly #cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>;

  readonly #limits: KeepingLimits;

  constructor(cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>, limits: KeepingLimits = TO_BE_SENT) {
    this.#cache = cache;
    this.#limits = limits;
  }

  /** What cannot be read is as good as nothing. */
  async list(): Promise<readonly KeptFile[]> {
    const records = await this.#cache.records(this.#area);
    return [...records].flatMap(([id, bytes]) => decode(id, bytes) ?? []);
  }

  /** Written when it resolves; without its bytes when there is no room for them. */
  async keep({ id, source, note, signal }: KeepRequest): Promise<KeptFile> {
    const { name, size, type, mark } = source;
    const file = { id, name, size, type, mark, note, isHere: false };
    await this.#write(file);
    if (!(await this.#hasRoom(size))) return file;
    for (let at = 0; at < size; at += PIECE) {
      signal.throwIfAborted();
      const bytes = await source.read(at, Math.min(PIECE, size - at));
      await this.#cache.setRecords(this.#areaOf(id), new Map([[String(at / PIECE), bytes]]));
    }
    signal.throwIfAborted();
    const kept = { ...file, isHere: true };
    await this.#write(kept);
    return kept;
  }

  note(file: KeptFile, note: string): Promise<void> {
    return this.#write({ ...file, note });
  }

  /** Its bytes as they were when it was kept. */
  source({ id, name, size, type, mark }: KeptFile): FileSource {
    const read = async (from: number, length: number): Promise<Uint8Array> => {
      const all = new Uint8Array(Math.max(0, Math.min(length, size - from)));
      for (let done = 0; done < all.length; ) {
        const piece = await this.#cache.record(this.#areaOf(id), String(Math.floor((from + done) / PIECE)));
        const part = piece?.subarray((from + done) % PIECE, ((from + done) % PIECE) + all.length - done);
        // Shorter than it should be: whoever reads sees that it is not the file.
        if (!part || part.length === 0) return all.subarray(0, done);
        all.set(part, done);
        done += part.length;
      }
      return all;
    };
    return { name, size, type, mark, read };
  }

  async drop({ id, size }: Pick<KeptFile, 'id' | 'size'>): Promise<void> {
    await this.#cache.setRecords(this.#area, new Map([[id, undefined]]));
    const pieces = Math.min(this.#limits.each, size) / PIECE;
    const names = Array.from({ length: Math.ceil(pieces) }, (_, at) => String(at));
    await this.#cache.setRecords(this.#areaOf(id), new Map(names.map((name) => [name, undefined])));
  }

  async #hasRoom(size: number): Promise<boolean> {
    if (size > this.#limits.each) return false;
    const kept = (await this.list()).filter(({ isHere }) => isHere).reduce((sum, file) => sum + file.size, 0);
    return kept + size <= this.#limits.total;
  }

  get #area(): string {
    return `${this.#limits.area}s`;
  }

  #areaOf(id: string): string {
    return `${this.#limits.area}/${id}`;
  }

  #write({ id, name, size, type, mark, note, isHere }: KeptFile): Promise<void> {
    const text = JSON.stringify([1, name, size, type, mark, note, isHere]);
    return this.#cache.setRecords(this.#area, new Map([[id, new TextEncoder().encode(text)]]));
  }
}

function decode(id: string, bytes: Uint8Array): KeptFile | undefined {
  try {
    const [, name, size, type, mark, note, isHere] = v.parse(form, JSON.parse(new TextDecoder().decode(bytes)));
    return { id, name, size, type, mark, note, isHere };
  } catch {
    return undefined;
  }
}
