// Finding people of other enterprises by their exact address, through the tiers, and answering when others look for ours.
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import {
  decodeFound,
  decodeQuestion,
  encodeFound,
  encodeQuestion,
  LOOKUP_ERRAND,
  type LookupQuestion,
} from '../../src/protocols/profile/lookup.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { CanopyError, codeOf, PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { type UserAddress } from '../../src/realm/user-address.ts';
import type { Errands } from '../errands/errands.ts';
import type { Directory, UserProfile } from './directory.ts';
import { type ForeignUsers, userOf } from './foreign-users.ts';

export interface UserLookupComponents {
  /** This realm's users and its colleagues'. */
  readonly directory: Pick<Directory, 'findByAddress' | 'findById'>;
  readonly foreign: ForeignUsers;
  readonly errands: Pick<Errands, 'ask' | 'answer'>;
  /** The record of an own user. */
  readonly recordOf: (id: UserId) => Promise<Uint8Array | undefined>;
  /** Whether the users of that realm are in the directory anyhow. */
  readonly isNear: (realm: RealmName) => boolean;
  /** Whether people of this realm may be found from there. */
  readonly mayFind: (origin: RealmName) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds that a person waits for an answer. */
const LOOKUP_DEADLINE = 15_000;
/** Milliseconds that a message waits for its sender's name. */
const MEET_DEADLINE = 4_000;
/** Milliseconds in which an answer is not asked for again. */
const FRESH = 10 * 60_000;
/** Milliseconds in which a sender whose home did not answer is not asked for again. */
const PATIENCE = 30_000;
const MAX_MISSED = 1024;

/** Of one user here. */
const OF_ASKER = { perSecond: 0.5, burst: 30 };
const OF_ALL_ASKERS = { perSecond: 4, burst: 55 };
/** Of one origin, and of its questions that found nobody. */
const OF_ORIGIN = { perSecond: 1, burst: 60 };
const OF_MISSES = { perSecond: 2 / 60, burst: 20 };
const OF_ALL_ORIGINS = { perSecond: 50, burst: 500 };

export class UserLookup {
  readonly #self: RealmName;
  readonly #parts: UserLookupComponents;
  readonly #askers: RateLimiter;
  readonly #origins: RateLimiter;
  readonly #misses: RateLimiter;
  readonly #stopping = new AbortController();
  readonly #meeting = new Map<UserId, Promise<void>>();
  /** Whose home did not answer, and when. */
  readonly #missed = new Map<UserId, number>();

  constructor(self: RealmName, components: UserLookupComponents) {
    const { clock, errands } = components;
    this.#self = self;
    this.#parts = components;
    this.#askers = new RateLimiter(clock, OF_ASKER, OF_ALL_ASKERS);
    this.#origins = new RateLimiter(clock, OF_ORIGIN, OF_ALL_ORIGINS);
    this.#misses = new RateLimiter(clock, OF_MISSES, OF_ALL_ORIGINS);
    errands.answer(LOOKUP_ERRAND, (origin, body) => this.#answer(origin, decodeQuestion(body)));
  }

  stop(): void {
    this.#stopping.abort(new UnreachableError('stopping', 'the node is stopping'));
  }

  /** Undefined when nobody there has that address. @throws UnreachableError; RefusedError `lookup-rate` */
  async find(address: UserAddress, asker: UserId): Promise<UserProfile | undefined> {
    const { directory, foreign, clock, isNear } = this.#parts;
    const known = directory.findByAddress(address);
    if (known || isNear(address.realm)) return known;
    const seen = foreign.findByAddress(address);
    if (seen && clock.now() - seen.time < FRESH) return seen.user;
    if (!this.#askers.take(asker)) throw tooMany(asker);
    try {
      const user = await this.#ask(address.realm, { kind: 'login', login: address.login }, LOOKUP_DEADLINE);
      if (user.address.login !== address.login) throw lie(address.realm);
      return user;
    } catch (error) {
      if (codeOf(error) === 'user-unknown') return undefined;
      if (seen && error instanceof UnreachableError) return seen.user;
      throw error;
    }
  }

  /** Somebody unknown has written: learns who it is, unless the home doesn't answer soon. Never rejects. */
  async meet(id: UserId, home: RealmName): Promise<void> {
    const { directory, foreign, clock, isNear } = this.#parts;
    if (isNear(home) || directory.findById(id) || foreign.findById(id)) return;
    if (clock.now() - (this.#missed.get(id) ?? Number.NEGATIVE_INFINITY) < PATIENCE) return;
    const meeting = this.#meeting.get(id) ?? this.#meet(id, home).finally(() => this.#meeting.delete(id));
    this.#meeting.set(id, meeting);
    await meeting;
  }

  async #meet(id: UserId, home: RealmName): Promise<void> {
    try {
      const user = await this.#ask(home, { kind: 'id', id }, MEET_DEADLINE);
      if (user.id !== id) throw lie(home);
      this.#missed.delete(id);
    } catch (error) {
      this.#parts.log.info({ realm: home, code: codeOf(error) }, 'sender of another enterprise not looked up');
      const [oldest] = this.#missed.keys();
      if (this.#missed.size >= MAX_MISSED && oldest !== undefined) this.#missed.delete(oldest);
      this.#missed.set(id, this.#parts.clock.now());
    }
  }

  async #ask(home: RealmName, question: LookupQuestion, deadline: number): Promise<UserProfile> {
    const { errands, foreign, clock } = this.#parts;
    const body = await within(clock, deadline, `answer of ${home}`, this.#stopping.signal, (signal) =>
      errands.ask(home, LOOKUP_ERRAND, encodeQuestion(question), signal),
    );
    const found = readFound(home, body);
    return foreign.put(home, found, clock.now());
  }

  async #answer(origin: RealmName, question: LookupQuestion): Promise<Uint8Array> {
    const { directory, recordOf, mayFind } = this.#parts;
    if (!this.#origins.take(origin)) throw tooMany(origin);
    const user =
      question.kind === 'login'
        ? directory.findByAddress({ login: question.login, realm: this.#self })
        : directory.findById(question.id);
    const isOurs = user?.home === this.#self && user.status === 'active' && mayFind(origin);
    const record = isOurs ? await recordOf(user.id) : undefined;
    if (user && record) return encodeFound({ kind: user.kind, record });
    if (!this.#misses.take(origin)) throw tooMany(origin);
    throw new RefusedError('user-unknown', `nobody of ${this.#self} is to be found by that`);
  }
}

/** @throws PeerError `malformed` */
function readFound(home: RealmName, body: Uint8Array): ReturnType<typeof decodeFound> {
  try {
    const found = decodeFound(body);
    userOf(home, found);
    return found;
  } catch (cause) {
    if (!(cause instanceof CanopyError)) throw cause;
    throw new PeerError('malformed', `what ${home} says of a user is not understood`, { cause });
  }
}

function tooMany(who: string): RefusedError {
  return new RefusedError('lookup-rate', `${who} looks for too many people at once`, {
    hint: 'Try again in a minute.',
  });
}

function lie(home: RealmName): PeerError {
  return new PeerError('user-contradicts', `${home} answered for another user than was asked for`);
}
