// Key packages of this realm's users: put here by their devices, claimed by whoever adds them to a group. A one-time package is given
// out once; when there is none, or somebody claims too fast, the device's last resort is. Those of the house's other realms are
// kept here too, so that people of a branch that is out of reach can be written to for the first time.
import type { Network } from '../../src/overlay/seam.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import { MAX_BODY } from '../../src/protocols/errand/index.ts';
import { askPackages } from '../../src/protocols/key-packages/client.ts';
import {
  type ClaimedPackage,
  decodePackagesAnswer,
  decodePackagesRequest,
  encodePackagesAnswer,
  encodePackagesRequest,
  type PackagesAnswer,
  type PackagesRequest,
} from '../../src/protocols/key-packages/frames.ts';
import {
  KEY_PACKAGES_ERRAND,
  MAX_CHANGES,
  MAX_DEVICES,
  MAX_KEY_PACKAGE,
} from '../../src/protocols/key-packages/index.ts';
import { KeyPackageServer } from '../../src/protocols/key-packages/server.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError, PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { Turns } from '../conversations/turns.ts';
import type { Directory } from '../directory/directory.ts';
import type { Errands } from '../errands/errands.ts';
import type { WritePermit } from '../incarnation/write-permit.ts';
import { FarPackages } from './far-packages.ts';
import {
  headWrite,
  incarnationWrite,
  KeyPackageStore,
  lastResortWrites,
  oneTimeRemoval,
  oneTimeWrite,
} from './key-package-store.ts';

export interface KeyPackageInit {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly network: Pick<Network, 'open' | 'handle' | 'onPath'>;
  readonly directory: Pick<Directory, 'findById'>;
  /** Other realms of the house, whose last-resort packages are kept here. */
  readonly family: () => readonly RealmName[];
  /** Whether people of that realm may write to ours at all. */
  readonly mayAsk: (realm: RealmName) => boolean;
  /** Whether that realm is told of a user of ours by the id; absent: any is. */
  readonly mayTell?: (realm: RealmName, user: UserId) => Promise<boolean>;
  /** Why a package is none of that device of that user; undefined when it is. */
  readonly objection?: (user: UserId, device: DeviceId, keyPackage: Uint8Array) => Promise<string | undefined>;
  /** Whether the user's identity has certified the device and nobody has removed it. */
  readonly isDevice?: (user: UserId, device: DeviceId) => boolean;
  /** The way to realms that may not be connected to. */
  readonly errands?: Pick<Errands, 'ask' | 'answer'>;
  /** Absent: this node may always write. */
  readonly permit?: Pick<WritePermit, 'assert' | 'withheld'>;
  /** Whether a realm may be connected to; any when absent. */
  readonly isDirect?: (realm: RealmName) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** One-time packages that a device may leave here. */
export const MAX_ONE_TIME = 100;
/** Numbers of changes that each incarnation has for its own, so that none is told twice. */
const NUMBERS = 2 ** 32;
const FORGET_STEP = 1000;
/** One-time packages that one user, or one realm, may take of one user; then it gets the last resort. */
const TAKING = { perSecond: 0.1, burst: 20 };
const TAKING_IN_ALL = { perSecond: 50, burst: 2000 };
const OF_REALM = { perSecond: 20, burst: 500 };
const OF_ALL_REALMS = { perSecond: 200, burst: 4000 };

export class KeyPackageService {
  readonly #init: KeyPackageInit;
  readonly #store: KeyPackageStore;
  readonly #turns = new Turns();
  readonly #taking: RateLimiter;
  readonly #realms: RateLimiter;
  readonly #server: KeyPackageServer;
  readonly #far: FarPackages;
  readonly #stopped = new AbortController();
  readonly #counters = { stored: 0, oneTime: 0, lastResort: 0, cached: 0 };

  constructor(init: KeyPackageInit) {
    this.#init = init;
    this.#store = new KeyPackageStore(init.database);
    this.#taking = new RateLimiter(init.clock, TAKING, TAKING_IN_ALL);
    this.#realms = new RateLimiter(init.clock, OF_REALM, OF_ALL_REALMS);
    this.#far = new FarPackages({ ...init, store: this.#store });
    this.#server = new KeyPackageServer({ ...init, answer: (peer, request) => this.#answer(peer.realm, request) });
    init.errands?.answer(KEY_PACKAGES_ERRAND, async (origin, body) =>
      answerThatFits(await this.#answer(origin, decodePackagesRequest(body))),
    );
  }

  async start(): Promise<void> {
    await this.#forgetGiven();
    this.#server.start();
    this.#far.start();
  }

  /** A copy that was restored may hold one-time packages that were given out since: none of them is given out again. */
  async #forgetGiven(): Promise<void> {
    const { incarnation, database } = this.#init;
    if ((await this.#store.incarnation()) >= incarnation) return;
    for (;;) {
      const removals = await this.#store.someOneTime(FORGET_STEP);
      if (removals.length === 0) break;
      await database.commit(removals);
    }
    const head = Math.max(await this.#store.head(), incarnation * NUMBERS);
    await database.commit([incarnationWrite(incarnation), headWrite(head)]);
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new UnreachableError('stopping', 'The node is stopping'));
    await Promise.all([this.#server.stop(), this.#far.stop()]);
  }

  /** A user of another realm of the house has a new device: its last resort is fetched soon. */
  expect(realm: RealmName): void {
    this.#far.expect(realm);
  }

  counters(): Record<string, number> {
    return { ...this.#counters, ...this.#far.counters() };
  }

  /**
   * Of the session's own device. Resolves with how many one-time packages wait there.
   * @throws InputError `key-package-wrong`, `key-package-too-long`; ConflictError `read-only`
   */
  async put(
    user: UserId,
    device: DeviceId,
    {
      packages,
      lastResort,
    }: { readonly packages: readonly Uint8Array[]; readonly lastResort?: Uint8Array | undefined },
  ): Promise<number> {
    this.#init.permit?.assert();
    for (const one of [...packages, ...(lastResort ? [lastResort] : [])]) await this.#check(user, device, one);
    return this.#turns.run('numbers', async () => {
      const kept = await this.#store.oneTime(user, device, MAX_ONE_TIME);
      let n = await this.#store.head();
      const taken = packages.slice(0, MAX_ONE_TIME - kept.length);
      const writes: Write[] = taken.map((one) => oneTimeWrite(user, device, ++n, one));
      if (lastResort) writes.push(...(await this.#lastResort(user, device, ++n, lastResort)));
      await this.#init.database.commit([...writes, headWrite(n)]);
      this.#counters.stored += taken.length;
      return kept.length + taken.length;
    });
  }

  async hasLastResort(user: UserId, device: DeviceId): Promise<boolean> {
    const kept = await this.#store.lastResort(user, device);
    return kept !== undefined && kept.keyPackage.length > 0;
  }

  async #lastResort(user: UserId, device: DeviceId, n: number, keyPackage: Uint8Array): Promise<Write[]> {
    const devices = await this.#store.lastResorts(user);
    const before = await this.#store.lastResort(user, device);
    if (!before && devices.length >= MAX_DEVICES) throw new InputError('too-many-devices', `At most ${MAX_DEVICES}`);
    return lastResortWrites({ user, device, n, keyPackage }, before?.n);
  }

  async #check(user: UserId, device: DeviceId, keyPackage: Uint8Array): Promise<void> {
    if (keyPackage.length === 0 || keyPackage.length > MAX_KEY_PACKAGE) {
      throw new InputError('key-package-too-long', `A key package has 1 to ${MAX_KEY_PACKAGE} bytes`);
    }
    const objection = await this.#init.objection?.(user, device, keyPackage);
    if (objection !== undefined) throw new InputError('key-package-wrong', `The key package is refused: ${objection}`);
  }

  /** A device was removed: nobody adds it to a group any more. */
  async drop(user: UserId, device: DeviceId): Promise<void> {
    await this.#turns.run('numbers', async () => {
      const kept = await this.#store.oneTime(user, device, MAX_ONE_TIME);
      const before = await this.#store.lastResort(user, device);
      const n = (await this.#store.head()) + 1;
      const gone = before && [
        ...lastResortWrites({ user, device, n, keyPackage: new Uint8Array() }, before.n),
        headWrite(n),
      ];
      const writes = kept.map((one) => oneTimeRemoval(user, device, one.n));
      await this.#init.database.commit([...writes, ...(gone ?? [])]);
    });
  }

  /**
   * One of each device of a user, of whatever realm. Empty: none of the devices has left one.
   * @throws InputError `user-unknown`; UnreachableError `realm-unreachable` when nothing of that user is kept here either
   */
  async claim(claimer: UserId, user: UserId, signal: AbortSignal): Promise<ClaimedPackage[]> {
    const { realm, directory } = this.#init;
    const home = directory.findById(user)?.home;
    if (home === undefined) throw new InputError('user-unknown', `Nobody known here has the id ${user}`);
    if (home === realm) return this.#take(claimer, user);
    try {
      const request = { kind: 'claim', user } as const;
      const answer = await this.#ask(home, request, AbortSignal.any([signal, this.#stopped.signal]));
      if (answer.kind === 'refused') throw new RefusedError(answer.code, `${home} refuses: ${answer.code}`);
      if (answer.kind !== 'packages') throw new PeerError('answer-foreign', `${home} answered another question`);
      return [...answer.packages];
    } catch (error) {
      const kept = await this.#far.of(home, user);
      if (kept.length === 0 || signal.aborted) throw error;
      this.#counters.cached++;
      return kept;
    }
  }

  /** One-time packages are given out one after the other, so that nobody gets what another has. */
  #take(claimer: string, user: UserId): Promise<ClaimedPackage[]> {
    return this.#turns.run(`claim/${user}`, async () => {
      const devices = (await this.#store.lastResorts(user)).filter(
        ({ device }) => this.#init.isDevice?.(user, device) !== false,
      );
      // A copy that waits for its operator's word, or has a twin: what lies here may have been given out already.
      const isSure = this.#init.permit?.withheld === undefined;
      const mayTake = isSure && this.#taking.take(`${claimer}/${user}`);
      const found = await Promise.all(
        devices.map(({ device }) => (mayTake ? this.#store.oneTime(user, device, 1) : [])),
      );
      const removals = devices.flatMap(({ device }, i) =>
        (found[i] ?? []).map(({ n }) => oneTimeRemoval(user, device, n)),
      );
      await this.#init.database.commit(removals);
      return devices.map(({ device, keyPackage }, i): ClaimedPackage => {
        const one = found[i]?.[0];
        this.#counters[one ? 'oneTime' : 'lastResort']++;
        return one
          ? { device, keyPackage: one.keyPackage, isLastResort: false }
          : { device, keyPackage, isLastResort: true };
      });
    });
  }

  /** Directly where the two may connect; else along the tree of realms. */
  async #ask(home: RealmName, request: PackagesRequest, signal: AbortSignal): Promise<PackagesAnswer> {
    const { errands, isDirect = () => true } = this.#init;
    if (!errands || isDirect(home)) return askPackages(this.#init, home, request, signal);
    const answer = await errands.ask(home, KEY_PACKAGES_ERRAND, encodePackagesRequest(request), signal);
    return decodePackagesAnswer(answer);
  }

  async #answer(from: RealmName, request: PackagesRequest): Promise<PackagesAnswer> {
    const { realm, directory, mayAsk, mayTell, family } = this.#init;
    if (!mayAsk(from)) throw new RefusedError('scope', `${from} may not ask for key packages`);
    if (!this.#realms.take(from)) throw new RefusedError('claim-rate', `${from} asks too fast`);
    if (request.kind === 'claim') {
      const user = directory.findById(request.user);
      const isOurs = user?.home === realm && user.status === 'active';
      if (!isOurs || (await mayTell?.(from, user.id)) === false)
        throw new RefusedError('user-unknown', 'Nobody of this realm');
      return { kind: 'packages', packages: await this.#take(from, user.id) };
    }
    if (!family().includes(from)) throw new RefusedError('scope', `${from} is of another house`);
    const head = await this.#store.head();
    const after = request.after > head ? 0 : request.after;
    const changes = await this.#store.changes(after, MAX_CHANGES);
    const more = changes.length === MAX_CHANGES;
    return { kind: 'changes', changes, upTo: more ? (changes.at(-1)?.n ?? head) : head, more };
  }
}

/** Whoever has more devices than an errand has room for is written to on the first of them; those bring in the others. */
function answerThatFits(answer: PackagesAnswer): Uint8Array {
  const bytes = encodePackagesAnswer(answer);
  if (bytes.length <= MAX_BODY || answer.kind !== 'packages') return bytes;
  return answerThatFits({ kind: 'packages', packages: answer.packages.slice(0, -1) });
}
