// Photos of people as this device saw them last, sealed in its cache: a page that opens without its node shows faces and not initials. One of
// each person, the latest; of those who were drawn first when there are too many.
//
// Cache records: in `photo` by user the bytes, which are only shown where their name is the one that the directory says; in `photos` under
// `order` JSON, the users whose photos are here, the oldest first.
import * as v from 'valibot';
import { userId } from '../../protocols/lan/wire.ts';
import type { UserId } from '../../realm/ids.ts';
import { MAX_PHOTO, photoName } from '../../realm/photo.ts';
import type { ClientCache } from '../cache/cache.ts';

/** Photos; each has at most 16 KiB. */
const MAX_KEPT = 500;
const [PHOTO, LIST, ORDER] = ['photo', 'photos', 'order'];
const order = v.array(userId);

export type PhotoCache = Pick<ClientCache, 'record' | 'setRecords'>;

export class KeptPhotos {
  readonly #cache: PhotoCache;
  #work: Promise<unknown> = Promise.resolve();

  constructor(cache: PhotoCache) {
    this.#cache = cache;
  }

  /** Undefined when it is not here, is another one, or can't be read: then it is fetched. */
  async get(user: UserId, name: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#cache.record(PHOTO, user).catch(() => undefined);
    return bytes && bytes.length <= MAX_PHOTO && photoName(bytes) === name ? bytes : undefined;
  }

  /** Never rejects: a cache without room holds more important things. */
  keep(user: UserId, photo: Uint8Array): Promise<void> {
    const before = this.#work;
    const mine = (async () => {
      await before;
      await this.#store(user, photo).catch(() => {});
    })();
    this.#work = mine;
    return mine;
  }

  async #store(user: UserId, photo: Uint8Array): Promise<void> {
    const kept = [...(await this.#order()).filter((one) => one !== user), user];
    const gone = kept.splice(0, Math.max(0, kept.length - MAX_KEPT));
    await this.#cache.setRecords(LIST, new Map([[ORDER, new TextEncoder().encode(JSON.stringify(kept))]]));
    const photos = gone.map((one) => [one, undefined] as const);
    await this.#cache.setRecords(PHOTO, new Map<UserId, Uint8Array | undefined>([...photos, [user, photo]]));
  }

  async #order(): Promise<readonly UserId[]> {
    const bytes = await this.#cache.record(LIST, ORDER);
    if (!bytes) return [];
    try {
      return v.parse(order, JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      return [];
    }
  }
}
