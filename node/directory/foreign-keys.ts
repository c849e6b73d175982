// Keys of people of other enterprises: asked of their home by errand (src/protocols/profile/key-lookup.ts), kept for a while in memory,
// and told to homes that ask for ours.
import { readDeviceCertificate } from '../../src/crypto/device-certificate.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import type { Chain } from '../../src/pki/chain.ts';
import {
  decodeFoundKeys,
  decodeKeyQuestion,
  encodeFoundKeys,
  encodeKeyQuestion,
  KEYS_ERRAND,
} from '../../src/protocols/profile/key-lookup.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Errands } from '../errands/errands.ts';
import type { KeyBook, UserKeys } from './key-book.ts';

export interface ForeignKeysComponents {
  readonly book: Pick<KeyBook, 'keysOf' | 'proofOf'>;
  readonly errands: Pick<Errands, 'ask' | 'answer'>;
  /** Whether that own user may be found from there. */
  readonly mayFind: (user: UserId, origin: RealmName) => Promise<boolean>;
  readonly clock: Clock;
}

const DEADLINE = 15_000;
/** Milliseconds in which an answer is not asked for again. */
const FRESH = 10 * 60_000;
const MAX_KEPT = 4096;
const OF_ASKER = { perSecond: 1, burst: 60 };
const OF_ALL_ASKERS = { perSecond: 8, burst: 200 };
const OF_ORIGIN = { perSecond: 4, burst: 200 };
const OF_ALL_ORIGINS = { perSecond: 50, burst: 1000 };

/** With the certificates of the authority that stated the identity: clients check them, this node does not. */
export interface ToldKeys extends UserKeys {
  readonly authority?: Chain | undefined;
}

interface Kept {
  readonly at: number;
  readonly keys: ToldKeys;
}

export class ForeignKeys {
  readonly #self: RealmName;
  readonly #parts: ForeignKeysComponents;
  readonly #kept = new Map<string, Kept>();
  readonly #askers: RateLimiter;
  readonly #origins: RateLimiter;
  readonly #stopping = new AbortController();

  constructor(self: RealmName, components: ForeignKeysComponents) {
    this.#self = self;
    this.#parts = components;
    this.#askers = new RateLimiter(components.clock, OF_ASKER, OF_ALL_ASKERS);
    this.#origins = new RateLimiter(components.clock, OF_ORIGIN, OF_ALL_ORIGINS);
    components.errands.answer(KEYS_ERRAND, (origin, body) => this.#answer(origin, decodeKeyQuestion(body)));
  }

  stop(): void {
    this.#stopping.abort(new UnreachableError('stopping', 'the node is stopping'));
  }

  /** @throws UnreachableError when nothing is known and the home does not answer; RefusedError `lookup-rate`, `user-unknown` */
  async keysOf(home: RealmName, user: UserId, asker: UserId): Promise<ToldKeys> {
    const { clock } = this.#parts;
    const name = `${home}/${user}`;
    const kept = this.#kept.get(name);
    if (kept && clock.now() - kept.at < FRESH) return kept.keys;
    if (!this.#askers.take(asker)) throw tooMany(asker);
    try {
      const keys = await this.#ask(home, user);
      this.#keep(name, { at: clock.now(), keys });
      return keys;
    } catch (error) {
      if (kept && error instanceof UnreachableError) return kept.keys;
      throw error;
    }
  }

  async #ask(home: RealmName, user: UserId): Promise<ToldKeys> {
    const { clock, errands } = this.#parts;
    const body = await within(clock, DEADLINE, `answer of ${home}`, this.#stopping.signal, (signal) =>
      errands.ask(home, KEYS_ERRAND, encodeKeyQuestion(user), signal),
    );
    const { identity, certificates, removed, authority } = decodeFoundKeys(body);
    const devices = certificates.map(readDeviceCertificate);
    if (identity?.user !== user || devices.some((one) => one.user !== user)) {
      throw new PeerError('user-contradicts', `${home} answered for another user than was asked for`);
    }
    return { identity, devices, removed, authority };
  }

  async #answer(origin: RealmName, user: UserId): Promise<Uint8Array> {
    const { book, mayFind } = this.#parts;
    if (!this.#origins.take(origin)) throw tooMany(origin);
    const { identity, devices, removed } = book.keysOf(this.#self, user);
    if (!identity || !(await mayFind(user, origin))) {
      throw new RefusedError('user-unknown', `nobody of ${this.#self} is to be found by that`);
    }
    const authority = book.proofOf(this.#self, identity) ?? [];
    return encodeFoundKeys({ identity, certificates: devices.map(({ bytes }) => bytes), removed, authority });
  }

  #keep(name: string, kept: Kept): void {
    this.#kept.delete(name);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(name, kept);
  }
}

function tooMany(who: string): RefusedError {
  return new RefusedError('lookup-rate', `${who} asks for the keys of too many people at once`, {
    hint: 'Try again in a minute.',
  });
}
