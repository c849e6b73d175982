// What the own user takes back for all, or what disappeared for all: the server is asked to erase its body at every node. Written down
// first and asked until there is an answer, be it that nothing is there.
//
//   cache records, area 'erasures', name message: empty
import { emptyAnswer } from '../../protocols/lan/routes.ts';
import { CanopyError, ConflictError, InputError, RefusedError } from '../../realm/errors.ts';
import type { MessageId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { Http } from '../http.ts';

const AREA = 'erasures';
/** Refusals that are over one day. */
const PASSING = new Set(['too-many-requests', 'session-missing', 'read-only', 'disk-full']);

export class ServerErasures {
  readonly #cache: Pick<ClientCache, 'records' | 'setRecords'>;
  readonly #http: Pick<Http, 'post'>;
  #work: Promise<void> = Promise.resolve();

  constructor({ cache, http }: { cache: Pick<ClientCache, 'records' | 'setRecords'>; http: Pick<Http, 'post'> }) {
    this.#cache = cache;
    this.#http = http;
  }

  /** Resolves when it is written down. */
  async add(ids: readonly MessageId[]): Promise<void> {
    await this.#cache.setRecords(AREA, new Map(ids.map((id) => [id, new Uint8Array()])));
    void this.ask();
  }

  /** Never rejects: what finds no answer is asked after the next connection. */
  ask(): Promise<void> {
    this.#work = this.#work.then(() => this.#askAll());
    return this.#work;
  }

  async #askAll(): Promise<void> {
    try {
      for (const id of (await this.#cache.records(AREA)).keys()) {
        await this.#http.post(`/messages/${id}/erase`, {}, emptyAnswer).catch(answered);
        await this.#cache.setRecords(AREA, new Map([[id, undefined]]));
      }
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
    }
  }
}

/** That it is not there, or not this user's, is an answer too. */
function answered(error: unknown): void {
  const isRefusal = error instanceof RefusedError || error instanceof InputError || error instanceof ConflictError;
  if (!isRefusal || PASSING.has(error.code)) throw error;
}
