// Users of other branches who work here: a token of ours for each, and the grant of their home that it stands for. In memory alone: after
// the logout, or when this process ends, nothing of them is here.
import { createHash, randomBytes } from 'node:crypto';
import type { Network } from '../../src/overlay/seam.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import { roamCall, roamLive } from '../../src/protocols/roam/client.ts';
import type { RoamAnswer } from '../../src/protocols/roam/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { DeviceId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import { networkOf } from '../directory/login-guard.ts';
import { Pending } from '../directory/pending.ts';

export interface Guest {
  readonly home: RealmName;
  readonly grant: string;
  readonly device: DeviceId;
  /** On the monotonic clock. */
  readonly seen: number;
}

export interface GuestCall {
  readonly method: string;
  readonly path: string;
  readonly from: string;
  readonly type: string;
  readonly range: string;
  readonly body: Uint8Array;
}

export type GuestAnswer = RoamAnswer & { readonly body: Uint8Array };

export interface GuestsComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
  /** Whether guests of that realm are let in: it is another of the same enterprise. */
  readonly isColleague: (realm: RealmName) => boolean;
}

const HOUR = 60 * 60 * 1000;
const IDLE = 12 * HOUR;
const MAX_GUESTS = 2000;
const TOKEN = 32;
/** Logins that one computer of this LAN, and all of them, may send to other realms. */
const OF_ADDRESS = { perSecond: 0.5, burst: 20 };
const OF_ALL_ADDRESSES = { perSecond: 1.5, burst: 50 };

export class Guests {
  readonly #parts: GuestsComponents;
  readonly #guests = new Map<string, Guest>();
  readonly #logins: Pending<{ readonly home: RealmName; readonly loginId: string }>;
  readonly #knocks: RateLimiter;
  readonly #stopping = new AbortController();

  constructor(components: GuestsComponents) {
    this.#parts = components;
    this.#logins = new Pending(components.clock, 'unknown-login-attempt');
    this.#knocks = new RateLimiter(components.clock, OF_ADDRESS, OF_ALL_ADDRESSES);
  }

  start(): void {}

  stop(): void {
    this.#stopping.abort(new UnreachableError('stopping', 'the node is stopping'));
    this.#guests.clear();
  }

  isColleague(realm: RealmName): boolean {
    return this.#parts.isColleague(realm);
  }

  /** Before a stranger's login goes over the WAN. @throws RefusedError `login-busy` */
  knock(from: string): void {
    if (!this.#knocks.take(networkOf(from)))
      throw new RefusedError('login-busy', 'too many logins of guests from there');
  }

  /** A login that is under way at the guest's home. */
  begun(home: RealmName, loginId: string): string {
    return this.#logins.add({ home, loginId });
  }

  /** @throws InputError `unknown-login-attempt` */
  takeBegun(loginId: string): { readonly home: RealmName; readonly loginId: string } {
    return this.#logins.take(loginId);
  }

  /** A new token for a grant; that of an earlier login of the device is over. @throws RefusedError `login-busy` */
  async admit(home: RealmName, grant: string, device: DeviceId): Promise<string> {
    this.#sweep(device);
    if (this.#guests.size >= MAX_GUESTS) throw new RefusedError('login-busy', 'too many guests are here');
    const token = randomBytes(TOKEN).toString('base64url');
    this.#guests.set(nameOf(token), { home, grant, device, seen: this.#parts.clock.monotonic() });
    // The home writes down who it is.
    await this.#parts.audit.record({ code: 'guest-login', fields: { home } });
    return token;
  }

  find(token: string): Guest | undefined {
    const name = nameOf(token);
    const guest = this.#guests.get(name);
    if (!guest || this.#parts.clock.monotonic() - guest.seen > IDLE) {
      this.#guests.delete(name);
      return undefined;
    }
    const seen = { ...guest, seen: this.#parts.clock.monotonic() };
    this.#guests.set(name, seen);
    return seen;
  }

  forget(token: string): void {
    this.#guests.delete(nameOf(token));
  }

  endAll(): void {
    this.#guests.clear();
  }

  /** @throws UnreachableError `home-unreachable` */
  call(home: RealmName, grant: string, call: GuestCall): Promise<GuestAnswer> {
    const request = { kind: 'call', grant, ...call } as const;
    return roamCall(this.#parts, home, request, this.#stopping.signal).catch(unreachable(home));
  }

  live({ home, grant }: Guest, from: string) {
    return roamLive(this.#parts, home, grant, from, this.#stopping.signal).catch(unreachable(home));
  }

  /** Guests who are here now. */
  gauges(): Record<string, number> {
    return { present: this.#guests.size };
  }

  #sweep(device: DeviceId): void {
    const old = this.#parts.clock.monotonic() - IDLE;
    for (const [name, guest] of this.#guests) {
      if (guest.seen < old || guest.device === device) this.#guests.delete(name);
    }
  }
}

function unreachable(home: RealmName) {
  return (cause: unknown): never => {
    throw new UnreachableError('home-unreachable', `the home ${home} does not answer`, { cause });
  };
}

function nameOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
