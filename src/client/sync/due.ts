// That something is due at a restored server, since when, over ends of the client: until all of it was offered since.
//
//   cache record 'giving-back'/NAME: [1, since]
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { Clock } from '../../realm/clock.ts';
import type { ClientCache } from '../cache/cache.ts';

const AREA = 'giving-back';

export interface DueComponents {
  readonly cache: Pick<ClientCache, 'record' | 'setRecords'>;
  readonly clock: Pick<Clock, 'now'>;
}

export class Due {
  readonly #parts: DueComponents;
  readonly #name: string;
  /** Milliseconds since 1970. */
  #since: number | undefined;
  /** Counts the times that it was said. */
  #said = 0;

  constructor(parts: DueComponents, name: 'due' | 'files') {
    this.#parts = parts;
    this.#name = name;
  }

  async note(): Promise<void> {
    this.#said += 1;
    this.#since = this.#parts.clock.now();
    await this.#parts.cache.setRecords(AREA, new Map([[this.#name, encodeItem([1, this.#since])]]));
  }

  /** Does the work when it is due. When it is said once more meanwhile, it is due still. */
  async settle(work: (since: number) => Promise<void>): Promise<void> {
    this.#since ??= await this.#noted();
    if (this.#since === undefined) return;
    const said = this.#said;
    await work(this.#since);
    if (this.#said !== said) return;
    this.#since = undefined;
    await this.#parts.cache.setRecords(AREA, new Map([[this.#name, undefined]]));
  }

  async #noted(): Promise<number | undefined> {
    const bytes = await this.#parts.cache.record(AREA, this.#name);
    if (!bytes) return undefined;
    const fields = new Fields(decodeStrict(bytes, 64), 'what is due', 2);
    fields.uint(1);
    return fields.uint();
  }
}
