// What the user who is here has on this device: the cache, and once the account is open the desk above it.
import { CanopyError } from '../realm/errors.ts';
import type { UserId } from '../realm/ids.ts';
import type { Account } from './account/account.ts';
import type { ClientCache } from './cache/cache.ts';
import type { Desk, DeskComponents } from './desk.ts';
import type { Me } from './surface.ts';

export interface SeatComponents extends Omit<DeskComponents, 'me' | 'account' | 'cache'> {
  readonly openCache: (user: UserId) => Promise<ClientCache>;
}

export class Seat {
  readonly #components: SeatComponents;
  #desk: Desk | undefined;
  #cache: Promise<ClientCache> | undefined;

  constructor(components: SeatComponents) {
    this.#components = components;
  }

  get desk(): Desk | undefined {
    return this.#desk;
  }

  /** One for all that one login does. */
  cacheOf(user: UserId): Promise<ClientCache> {
    this.#cache ??= this.#components.openCache(user);
    return this.#cache;
  }

  async sitDown(me: Me, account: Account): Promise<void> {
    if (this.#desk) return;
    // Brings MLS along: a page that only asks for a password needs none of it.
    const { Desk } = await import('./desk.ts');
    const cache = await this.cacheOf(me.user.id);
    this.#desk = await Desk.open({ ...this.#components, me, account, cache });
  }

  async leave(cache: 'keep' | 'wipe' = 'keep'): Promise<void> {
    const [desk, held] = [this.#desk, this.#cache];
    this.#desk = undefined;
    this.#cache = undefined;
    if (cache === 'wipe') await desk?.wipe();
    else await desk?.close();
    if (!desk) await (await held?.catch(() => undefined))?.close();
  }

  /** Of somebody who is not here. A cache that can't be opened holds nothing that its keys, which go as well, could still read. */
  async wipe(user: UserId): Promise<void> {
    try {
      const cache = await this.#components.openCache(user);
      await cache.wipe();
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      this.#components.events.emit('error', { code: error.code, params: {}, message: error.message });
    }
  }
}
