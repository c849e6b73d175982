// Last-resort packages of the house's other realms, kept here: asked for when a way to a realm opens, soon after one of its users has
// a new device, and now and then.
import type { Network } from '../../src/overlay/seam.ts';
import { askPackages } from '../../src/protocols/key-packages/client.ts';
import type { ClaimedPackage } from '../../src/protocols/key-packages/frames.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { messageOf, PeerError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Directory } from '../directory/directory.ts';
import { farWrite, type KeyPackageStore, seenWrite } from './key-package-store.ts';

export interface FarPackagesComponents {
  readonly network: Pick<Network, 'open' | 'onPath'>;
  readonly database: Pick<Database, 'commit'>;
  readonly store: KeyPackageStore;
  readonly directory: Pick<Directory, 'findById'>;
  readonly family: () => readonly RealmName[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between two rounds. */
const INTERVAL = 5 * 60_000;
/** A device lays out its packages when it has been certified: then, and once more for one that was slow. */
const AFTER_DEVICE = [3_000, 30_000];
/** Pages of one realm in one round: 100,000 devices. */
const MAX_PAGES = 1000;

export class FarPackages {
  readonly #parts: FarPackagesComponents;
  readonly #asking = new Map<RealmName, Promise<void>>();
  readonly #expected = new Map<RealmName, readonly Timer[]>();
  readonly #stopped = new AbortController();
  readonly #counters = { fetched: 0, unfetched: 0 };
  #timer: Timer | undefined;
  #unsubscribe: () => void = () => {};

  constructor(parts: FarPackagesComponents) {
    this.#parts = parts;
  }

  start(): void {
    this.#unsubscribe = this.#parts.network.onPath(({ realm, kind }) => {
      if (kind !== 'unreachable') this.#ask(realm);
    });
    this.#later();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#timer?.cancel();
    for (const timers of this.#expected.values()) for (const timer of timers) timer.cancel();
    this.#stopped.abort(new Error('The node is stopping'));
    await Promise.all(this.#asking.values());
  }

  /** A user of that realm has a new device. */
  expect(realm: RealmName): void {
    if (this.#stopped.signal.aborted) return;
    for (const timer of this.#expected.get(realm) ?? []) timer.cancel();
    const ask = (): void => this.#ask(realm);
    this.#expected.set(
      realm,
      AFTER_DEVICE.map((delay) => this.#parts.clock.after(delay, ask)),
    );
  }

  counters(): Record<string, number> {
    return { ...this.#counters };
  }

  async of(home: RealmName, user: UserId): Promise<ClaimedPackage[]> {
    const kept = await this.#parts.store.far(home, user);
    return kept.map((one) => ({ ...one, isLastResort: true }));
  }

  #later(): void {
    this.#timer = this.#parts.clock.after(INTERVAL, () => {
      for (const realm of this.#parts.family()) this.#ask(realm);
      this.#later();
    });
  }

  #ask(realm: RealmName): void {
    if (this.#asking.has(realm) || this.#stopped.signal.aborted || !this.#parts.family().includes(realm)) return;
    const asking = this.#fetch(realm)
      .catch((error: unknown) => {
        this.#counters.unfetched++;
        this.#parts.log.debug({ realm, why: messageOf(error) }, 'key packages not fetched');
      })
      .finally(() => this.#asking.delete(realm));
    this.#asking.set(realm, asking);
  }

  async #fetch(realm: RealmName): Promise<void> {
    const { store, database, directory } = this.#parts;
    for (let page = 0; page < MAX_PAGES; page++) {
      const after = await store.seen(realm);
      const answer = await askPackages(this.#parts, realm, { kind: 'changes', after }, this.#stopped.signal);
      if (answer.kind !== 'changes') throw new PeerError('answer-foreign', `${realm} does not tell its packages`);
      // A realm speaks for its own users only.
      const own = answer.changes.filter(({ user }) => (directory.findById(user)?.home ?? realm) === realm);
      await database.commit([...own.map((one) => farWrite(realm, one)), seenWrite(realm, answer.upTo)]);
      this.#counters.fetched += own.length;
      if (!answer.more) return;
    }
  }
}
