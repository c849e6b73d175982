// Finding people of other enterprises by their exact address, through the tiers, and answering when others look for ours.
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import {
  decodeFound,
  decodeQuestion,
  encodeFound,
  encodeQuestion,
  LOOKUP_ERRAND,
  type LookupAnswer,
  type LookupQuestion,
} from '../../src/protocols/profile/lookup.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { CanopyError, codeOf, PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import { mayBeOf, namesHouse } from '../../src/realm/house-id.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { type UserAddress } from '../../src/realm/user-address.ts';
import type { Discretion } from '../discretion/discretion.ts';
import type { Errands } from '../errands/errands.ts';
import type { Directory, Met, UserProfile } from './directory.ts';
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
  /** Whether a realm right below a region is known to be a branch of the region's house. */
  readonly isBranch: (realm: RealmName) => boolean;
  /** Whether people of this realm may be found from there. */
  readonly mayFind: (origin: RealmName) => boolean;
  readonly discretion: Pick<Discretion, 'mayReach' | 'mayTell'>;
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
/** Of one home, for senders whom it may have made up, so that nobody makes us use up what we may ask of anybody. */
const OF_HOME = { perSecond: 0.5, burst: 20 };
const OF_ALL_HOMES = { perSecond: 2, burst: 30 };

export class UserLookup {
  readonly #self: RealmName;
  readonly #parts: UserLookupComponents;
  readonly #askers: RateLimiter;
  readonly #origins: RateLimiter;
  readonly #misses: RateLimiter;
  /** Guesses that turned out to be right: they cost nothing. */
  readonly #spare = new Map<RealmName, number>();
  readonly #homes: RateLimiter;
  readonly #stopping = new AbortController();
  /** By home and id, as the next. */
  readonly #meeting = new Map<string, Promise<Met>>();
  /** Of whom nothing was learnt, and when. */
  readonly #missed = new Map<string, { readonly at: number; readonly met: Met }>();

  constructor(self: RealmName, components: UserLookupComponents) {
    const { clock, errands } = components;
    this.#self = self;
    this.#parts = components;
    this.#askers = new RateLimiter(clock, OF_ASKER, OF_ALL_ASKERS);
    this.#origins = new RateLimiter(clock, OF_ORIGIN, OF_ALL_ORIGINS);
    this.#misses = new RateLimiter(clock, OF_MISSES, OF_ALL_ORIGINS);
    this.#homes = new RateLimiter(clock, OF_HOME, OF_ALL_HOMES);
    errands.answer(LOOKUP_ERRAND, (origin, body) => this.#answer(origin, decodeQuestion(body)));
  }

  stop(): void {
    this.#stopping.abort(new UnreachableError('stopping', 'the node is stopping'));
  }

  /** Undefined when nobody there has that address. @throws UnreachableError; RefusedError `lookup-rate` */
  async find(address: UserAddress, asker: UserId): Promise<UserProfile | undefined> {
    const { directory, discretion, foreign, clock, isNear } = this.#parts;
    const known = directory.findByAddress(address);
    if (known || isNear(address.realm)) return known;
    const seen = foreign.findByAddress(address);
    // Whoever is hidden is nobody to those who share no conversation: their question is asked as any other.
    const mine = seen && (await discretion.mayReach(asker, seen.user.id)) ? seen : undefined;
    if (mine && clock.now() - mine.time < FRESH) return mine.user;
    if (!this.#askers.take(asker)) throw tooMany(asker);
    try {
      return await this.#ask(address.realm, { kind: 'login', login: address.login }, LOOKUP_DEADLINE);
    } catch (error) {
      if (isNobody(error)) return seen && this.#askAgain(seen.user, asker);
      if (mine && error instanceof UnreachableError) return mine.user;
      throw error;
    }
  }

  /** By the id, which the home of somebody hidden answers where it refuses the login; for others it is nobody from now on. */
  async #askAgain(seen: UserProfile, asker: UserId): Promise<UserProfile | undefined> {
    const { discretion, foreign } = this.#parts;
    await foreign.hide(seen);
    if (!(await discretion.mayReach(asker, seen.id))) return undefined;
    try {
      return await this.#ask(seen.home, { kind: 'id', id: seen.id }, LOOKUP_DEADLINE);
    } catch (error) {
      if (isNobody(error)) return undefined;
      throw error;
    }
  }

  /** Somebody unknown has written: learns who it is, unless the home doesn't answer soon. Never rejects. */
  async meet(id: UserId, home: RealmName): Promise<Met> {
    const { foreign, clock, isNear } = this.#parts;
    if (isNear(home) || !this.mayHave(home, id) || foreign.findById(id)?.home === home) return undefined;
    const which = `${home}/${id}`;
    const missed = this.#missed.get(which);
    if (missed && clock.now() - missed.at < PATIENCE) return missed.met;
    const known = this.#meeting.get(which);
    if (!known && !this.#homes.take(home)) return undefined;
    const meeting = known ?? this.#meet(id, home).finally(() => this.#meeting.delete(which));
    this.#meeting.set(which, meeting);
    return meeting;
  }

  /** As Directory says. An id that names no house tells nothing. */
  mayHave(home: RealmName, id: UserId): boolean {
    const { directory, isBranch } = this.#parts;
    const near = directory.findById(id);
    if (near) return near.home === home;
    return !namesHouse(id) || mayBeOf(id, home, () => !isBranch(home));
  }

  async #meet(id: UserId, home: RealmName): Promise<Met> {
    const which = `${home}/${id}`;
    try {
      await this.#ask(home, { kind: 'id', id }, MEET_DEADLINE);
      this.#missed.delete(which);
      return undefined;
    } catch (error) {
      this.#parts.log.info({ realm: home, code: codeOf(error) }, 'sender of another enterprise not looked up');
      const [oldest] = this.#missed.keys();
      if (this.#missed.size >= MAX_MISSED && oldest !== undefined) this.#missed.delete(oldest);
      const met = isNobody(error) ? 'nobody' : undefined;
      this.#missed.set(which, { at: this.#parts.clock.now(), met });
      return met;
    }
  }

  async #ask(home: RealmName, question: LookupQuestion, deadline: number): Promise<UserProfile> {
    const { foreign, clock } = this.#parts;
    const found = await this.#answerOf(home, question, deadline);
    const user = userOf(home, found);
    // Before it is kept: what nobody asked for has no place here, nor has the id of another house's user.
    if (!answers(question, user) || !namesHouse(user.id) || !this.mayHave(home, user.id)) throw lie(home);
    await this.#assertLeft(user);
    return foreign.put(home, found, clock.now());
  }

  /** Who is known as a user of another realm of that house has moved if that realm says so. @throws PeerError, UnreachableError */
  async #assertLeft({ id, home }: UserProfile): Promise<void> {
    const before = this.#parts.foreign.findById(id)?.home;
    if (before === undefined || before === home) return;
    try {
      await this.#answerOf(before, { kind: 'id', id }, MEET_DEADLINE);
    } catch (error) {
      if (isNobody(error)) return;
      throw error;
    }
    throw lie(home);
  }

  async #answerOf(home: RealmName, question: LookupQuestion, deadline: number): Promise<LookupAnswer> {
    const { clock, errands } = this.#parts;
    const body = await within(clock, deadline, `answer of ${home}`, this.#stopping.signal, (signal) =>
      errands.ask(home, LOOKUP_ERRAND, encodeQuestion(question), signal),
    );
    return readFound(home, body);
  }

  async #answer(origin: RealmName, question: LookupQuestion): Promise<Uint8Array> {
    const { directory, discretion, recordOf, mayFind } = this.#parts;
    if (!this.#origins.take(origin)) throw tooMany(origin);
    // Before anything is looked up: a refusal must not tell a right guess from a wrong one. Of ids one in a million is right.
    if (question.kind === 'login' && !this.#mayGuess(origin)) throw tooMany(origin);
    const user =
      question.kind === 'login'
        ? directory.findByAddress({ login: question.login, realm: this.#self })
        : directory.findById(question.id);
    const isOurs = user?.home === this.#self && user.status === 'active' && mayFind(origin);
    const isTold = isOurs && (question.kind === 'login' ? !user.isHidden : await discretion.mayTell(origin, user));
    const record = isTold ? await recordOf(user.id) : undefined;
    if (!user || !record) throw new RefusedError('user-unknown', `nobody of ${this.#self} is to be found by that`);
    if (question.kind === 'login') this.#spare.set(origin, (this.#spare.get(origin) ?? 0) + 1);
    return encodeFound({ kind: user.kind, record, isHidden: user.isHidden });
  }

  #mayGuess(origin: RealmName): boolean {
    const spare = this.#spare.get(origin) ?? 0;
    if (spare === 0) return this.#misses.take(origin);
    if (spare === 1) this.#spare.delete(origin);
    else this.#spare.set(origin, spare - 1);
    return true;
  }
}

/** The home's own word, and no hop's. */
function isNobody(error: unknown): boolean {
  return error instanceof RefusedError && error.code === 'user-unknown';
}

function answers(question: LookupQuestion, { id, address }: UserProfile): boolean {
  return question.kind === 'id' ? id === question.id : address.login === question.login;
}

/** @throws PeerError `malformed` */
function readFound(home: RealmName, body: Uint8Array): LookupAnswer {
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
  return new PeerError(
    'user-contradicts',
    `${home} answered for another user than was asked for, or for one of another realm`,
  );
}
