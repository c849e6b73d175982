// Decides whether a login may be tried now. Three counts, each with its own patience: one account from one address (a guesser), one
// account from anywhere (many guessers; short waits only, so that nobody can lock a colleague out), one address over all
// accounts (one guesser, many accounts). An IPv6 address counts as its /64.
//
//   ('guard', 'account', user id)  [count, last], for accounts that exist; kept so that a restart forgives nothing
import { isIPv6 } from 'node:net';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Database } from '../../src/store/database.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';
import type { Audit } from '../audit/audit.ts';
import { BackOff } from './back-off.ts';

export interface LoginGuardComponents {
  readonly database: Database;
  readonly clock: Pick<Clock, 'now'>;
  readonly audit: Audit;
  readonly log: Log;
}

/** An attempt that came too soon; `retryAfter` is in milliseconds. */
export class BackOffError extends RefusedError {
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super('login-backoff', `Too many attempts; the next one is taken in ${Math.ceil(retryAfter / 1000)} s`, {
      hint: 'Wait and try again; an administrator can reset a forgotten password.',
    });
    this.retryAfter = retryAfter;
  }
}

export interface Attempt {
  /** The real or made-up user id: both are counted alike. */
  readonly user: UserId;
  readonly exists: boolean;
  readonly from: string;
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const PAIR = { free: 5, first: SECOND, most: 900 * SECOND, forget: HOUR };
const ACCOUNT = { free: 20, first: SECOND, most: 30 * SECOND, forget: HOUR };
const ADDRESS = { free: 100, first: SECOND, most: 60 * SECOND, forget: HOUR };
const GUARD = ['guard', 'account'] as const;

/** The part of an address that one host can't change at will. */
export function networkOf(from: string): string {
  if (!isIPv6(from) || from.startsWith('::ffff:')) return from.slice(0, 100);
  const [head = '', tail = ''] = from.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const zeros = from.includes('::') ? Array.from({ length: missing }, () => '0') : [];
  return [...groups, ...zeros, ...(tail === '' ? [] : tail.split(':'))].slice(0, 4).join(':');
}

export class LoginGuard {
  readonly #parts: LoginGuardComponents;
  readonly #pairs: BackOff;
  readonly #accounts: BackOff;
  readonly #addresses: BackOff;

  constructor(components: LoginGuardComponents) {
    this.#parts = components;
    this.#pairs = new BackOff(components.clock, PAIR);
    this.#accounts = new BackOff(components.clock, ACCOUNT);
    this.#addresses = new BackOff(components.clock, ADDRESS);
  }

  async load(): Promise<void> {
    for await (const [rowKey, bytes] of this.#parts.database.iterate(under(...GUARD))) {
      const attempts = decodeFields(bytes, 'guard', (reader) => ({ count: reader.number(), last: reader.number() }));
      this.#accounts.set(String(parseKey(rowKey)[2]), attempts);
    }
  }

  /** Counts the attempt and lets it through. @throws BackOffError when it comes too soon; that one does not count */
  enter(attempt: Attempt): void {
    const { pair, user, network } = names(attempt);
    const wait = Math.max(this.#pairs.wait(pair), this.#accounts.wait(user), this.#addresses.wait(network));
    if (wait > 0) throw new BackOffError(wait);
    const { count } = this.#pairs.count(pair);
    const account = this.#accounts.count(user);
    this.#addresses.count(network);
    if (attempt.exists)
      this.#later(this.#parts.database.commit([this.#put(attempt.user, account.count, account.last)]));
    if (count >= PAIR.free) this.#later(this.#audit(attempt, count));
  }

  /** The login succeeded: the account starts afresh, the address gets this attempt back. */
  succeed(attempt: Attempt): { type: 'del'; key: Uint8Array } {
    const { pair, user, network } = names(attempt);
    this.#pairs.clear(pair);
    this.#accounts.clear(user);
    this.#addresses.release(network);
    return { type: 'del', key: key(...GUARD, attempt.user) };
  }

  #put(user: UserId, count: number, last: number) {
    return { type: 'put', key: key(...GUARD, user), value: encodeFields([count, last]) } as const;
  }

  #audit(attempt: Attempt, attempts: number): Promise<void> {
    const { user, from, exists } = attempt;
    return this.#parts.audit.record({ code: 'login-guessing', actor: from, fields: { user, exists, attempts } });
  }

  /** Not waited for: the time to a durable write must not tell an account that exists from one that does not. */
  #later(done: Promise<void>): void {
    done.catch((error) => this.#parts.log.warn({ why: String(error) }, 'login attempt was not recorded'));
  }
}

function names({ user, from }: Attempt) {
  const network = networkOf(from);
  return { pair: `${user} ${network}`, user, network };
}
