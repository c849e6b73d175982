// Fetches the profile records that directory chains speak of and this node does not have: from the user's home, and from the
// enterprise while the home is away. One run at a time for each realm; it waits 2 s after a failure, twice as long after each
// further one up to 60 s.
import type { Network } from '../../src/overlay/seam.ts';
import { askProfiles } from '../../src/protocols/profile/client.ts';
import { MAX_IDS } from '../../src/protocols/profile/index.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface ProfileFetcherComponents {
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly holders: (home: RealmName) => readonly RealmName[];
  /** Users of a realm whose record is missing. */
  readonly missing: (home: RealmName) => readonly UserId[];
  /** Takes the records that came, in the order of the ids; what it took is missing no longer. */
  readonly take: (
    home: RealmName,
    ids: readonly UserId[],
    records: readonly (Uint8Array | undefined)[],
  ) => Promise<void>;
}

const FIRST_DELAY = 2000;
const MAX_DELAY = 60_000;

export class ProfileFetcher {
  readonly #parts: ProfileFetcherComponents;
  readonly #runs = new Map<RealmName, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(components: ProfileFetcherComponents) {
    this.#parts = components;
  }

  /** Begins to fetch what is missing of a realm, unless it is at it. */
  wake(home: RealmName): void {
    if (this.#runs.has(home) || this.#stopping.signal.aborted) return;
    this.#runs.set(
      home,
      this.#run(home).finally(() => this.#runs.delete(home)),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node is stopping'));
    await Promise.all(this.#runs.values());
  }

  async #run(home: RealmName): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      const before = this.#parts.missing(home);
      if (before.length === 0) return;
      try {
        await this.#fetch(home, before.slice(0, MAX_IDS), failures);
      } catch (error) {
        this.#parts.log.info({ realm: home, code: codeOf(error), why: String(error) }, 'profiles are out of reach');
      }
      if (this.#parts.missing(home).length < before.length) failures = 0;
      else await this.#pause(++failures);
    }
  }

  async #fetch(home: RealmName, ids: readonly UserId[], failures: number): Promise<void> {
    const holders = this.#parts.holders(home);
    const holder = holders[failures % holders.length];
    if (!holder) return;
    await this.#parts.take(home, ids, await askProfiles(this.#parts, holder, ids, this.#stopping.signal));
  }

  async #pause(failures: number): Promise<void> {
    const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** Math.min(failures - 1, 10));
    await sleep(this.#parts.clock, delay, this.#stopping.signal).catch(() => undefined);
  }
}
