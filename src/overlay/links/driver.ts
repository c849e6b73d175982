// Carries out the supervisor's attempts over libp2p. Each returns whether it came through; what it opened shows itself as a
// connection.
import type { Connection } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { type Clock, sleep } from '../../realm/clock.ts';
import { codeOf, messageOf, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { isWithin, type RealmName } from '../../realm/names.ts';
import type { Located, Locator } from '../location/locator.ts';
import type { Shares } from '../shares/shares.ts';
import type { Connections, TrackedConnection } from './connections.ts';
import { dial } from './dial.ts';
import { type DialRules, isDialable } from './dialable.ts';
import { hasSix, isSix, sixFirst } from './families.ts';
import type { HostInternals } from './host-internals.ts';
import { inTurns } from './in-turns.ts';
import type { LinkEnd } from './link.ts';
import type { Ancestor } from './links.ts';
import { askForDial, askForUpgrade, punch } from './punch/client.ts';
import type { HoleComponents } from './punch/hole.ts';
import type { Attempt } from './supervisor.ts';

/** A plain dial when there is no other path; seen 1.9 s where a round trip takes 360 ms. */
const PLAIN_TIMEOUT = 6_000;
/**
 * A plain dial beside a relayed path: an address that drops packets must not hold up the next way. Connecting, admission and
 * the muxer take about 6 round trips; the relayed path's is the measure, as soon as it is known.
 */
const PROBE_TIMEOUT = { unknown: 1_000, least: 700, most: 2_500, fixed: 300, roundTrips: 6 };
/** Our own dial gets this much of a start before the peer is asked to dial us. */
const HEAD_START = 50;
const MAX_DIALS = 6;
/** RFC 8305 section 5: so much earlier than IPv4. */
const SIX_HEAD_START = 250;
/**
 * A circuit takes about 7 round trips from end to end, each of two lines, of which only our own is known: seen 4.4 s where each line
 * takes 360 ms.
 */
const CIRCUIT_TIMEOUT = { least: 4_000, most: 12_000, roundTrips: 24 };
/** A carrier that has not answered by then gets the next one beside it. */
const NEXT_CARRIER = 2_000;
const NEVER = new AbortController().signal;
const WEBRTC_TIMEOUT = 15_000;

export interface DriverComponents {
  readonly host: HostInternals;
  readonly connections: Connections;
  readonly locator: Locator;
  readonly ancestors: () => readonly Ancestor[];
  /** Other relays of our own realm that the settings name. */
  readonly fellows: readonly string[];
  readonly rules: () => DialRules;
  readonly hole: HoleComponents;
  readonly shares: Pick<Shares, 'dials' | 'lineage'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Driver {
  readonly #components: DriverComponents;
  #turn = 0;

  constructor(components: DriverComponents) {
    this.#components = components;
  }

  /** Never throws. */
  async run(attempt: Attempt, end: LinkEnd, signal: AbortSignal): Promise<boolean> {
    const begun = this.#components.clock.monotonic();
    try {
      await this.#inPlace(end.realm, signal, (limited) => this.#begin(attempt, end, limited));
      this.#components.log.debug(
        { ...end, attempt, ms: this.#components.clock.monotonic() - begun },
        'link attempt succeeded',
      );
      return true;
    } catch (error) {
      this.#components.log.debug(
        { ...end, attempt, code: codeOf(error), reason: messageOf(error) },
        'link attempt failed',
      );
      return false;
    }
  }

  /** Realms that a hostile one certifies would have us try ways to them without end. @throws RefusedError `quota` */
  async #inPlace(
    realm: RealmName,
    signal: AbortSignal,
    attempt: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const { shares } = this.#components;
    const over = new RefusedError('quota', `${realm} and its kin have their share of attempts`);
    const ended = new AbortController();
    const place = shares.dials.enter(shares.lineage(realm), () => ended.abort(over));
    if (!place) throw over;
    try {
      await attempt(AbortSignal.any([signal, ended.signal]));
    } finally {
      place.leave();
    }
  }

  #begin(attempt: Attempt, end: LinkEnd, signal: AbortSignal): Promise<unknown> {
    switch (attempt) {
      case 'locate':
        return this.#components.locator.locate(end.realm, signal);
      case 'relayed':
        return this.#dialCircuit(end, signal);
      case 'ask':
        return askForUpgrade(this.#signalling(end).connection, this.#components.clock, signal);
      case 'tcp':
        return this.#dialBothWays(end, signal);
      case 'tcp-punch':
        return this.#punch(end, signal);
      case 'webrtc':
        return this.#dialWebrtc(end, signal);
    }
  }

  /** Through the nearest common ancestor first; a slow one is not given up while the next is tried. */
  async #dialCircuit({ realm, peerId }: LinkEnd, signal: AbortSignal): Promise<Connection> {
    const { clock } = this.#components;
    const dials: Promise<Connection>[] = [];
    const done = new AbortController();
    const limit = AbortSignal.any([signal, done.signal]);
    try {
      for (const carrier of this.#carriers(realm)) {
        dials.push(this.#dialOver(carrier, peerId));
        const patience = sleep(clock, NEXT_CARRIER, limit).then(() => undefined);
        const first = await Promise.race([Promise.any(dials).catch(() => undefined), patience]);
        signal.throwIfAborted();
        if (first) return first;
      }
      return await Promise.any(dials);
    } catch (error) {
      signal.throwIfAborted();
      const reasons = error instanceof AggregateError ? error.errors : [error];
      throw new UnreachableError(
        'no-circuit',
        `no ancestor carries us to ${realm}: ${reasons.map(messageOf).join('; ') || 'none connected'}`,
      );
    } finally {
      done.abort();
    }
  }

  /** Not given up when the peer's own dial comes through first: it may have taken ours for open already. */
  #dialOver({ connection, rtt }: TrackedConnection, peerId: string): Promise<Connection> {
    const { host, clock } = this.#components;
    const address = connection.remoteAddr.encapsulate(`/p2p-circuit/p2p/${peerId}`);
    const { least, most, roundTrips } = CIRCUIT_TIMEOUT;
    const timeout = Math.min(most, Math.max(least, roundTrips * (rtt ?? 0)));
    return dial(host, address, { timeout, clock }, NEVER);
  }

  /** Connections to relays of common ancestors that can carry a circuit: direct ones. */
  #carriers(realm: RealmName): TrackedConnection[] {
    const common = this.#components.ancestors().filter((one) => one.realm !== realm && isWithin(realm, one.realm));
    return common
      .toSorted((a, b) => b.realm.length - a.realm.length)
      .flatMap((ancestor) => this.#components.connections.ways(ancestor.realm))
      .filter(({ path }) => path === 'direct-tcp');
  }

  /** Our dial, and where it doesn't come through at once, the peer's: only one of us may have an open port. */
  async #dialBothWays(end: LinkEnd, signal: AbortSignal): Promise<unknown> {
    const [tracked] = this.#components.connections.with(end.peerId);
    if (!tracked) return this.dialPlain(end, this.#located(end.realm), signal);
    const done = new AbortController();
    const limit = AbortSignal.any([signal, done.signal]);
    const located = await this.#components.locator.locate(end.realm, limit);
    try {
      const theirs = sleep(this.#components.clock, HEAD_START, limit).then(() =>
        askForDial(tracked.connection, this.#components.clock, limit),
      );
      return await Promise.any([
        this.dialPlain(end, located, limit),
        theirs.then((ok) => ok || Promise.reject(new UnreachableError('not-dialled', 'the peer could not dial us'))),
      ]);
    } finally {
      done.abort();
    }
  }

  /**
   * Dials the addresses that the realm's record has for that relay, all at once but for a head start of IPv6; the first that
   * is admitted wins.
   */
  async dialPlain({ realm, peerId }: LinkEnd, located: Located, signal: AbortSignal): Promise<Connection> {
    const done = new AbortController();
    const haveSix = hasSix(this.#components.host.transportManager.getAddrs());
    const addresses = inTurns(sixFirst(this.#foreignAddresses(located, peerId), haveSix), MAX_DIALS, this.#turn++);
    const late = hasSix(addresses) ? SIX_HEAD_START : 0;
    const limit = AbortSignal.any([signal, done.signal]);
    const timeout = plainTimeout(this.#components.connections.with(peerId)[0]);
    const { host, clock } = this.#components;
    const dials = addresses.map(async (address) => {
      if (late > 0 && !isSix(address)) await sleep(clock, late, limit);
      return dial(host, address, { timeout, clock }, limit);
    });
    try {
      return await Promise.any(dials);
    } catch (cause) {
      throw new UnreachableError('no-plain-path', `no address of ${realm} answers`, { cause });
    } finally {
      done.abort();
    }
  }

  #foreignAddresses({ relays }: Located, wanted: string): Multiaddr[] {
    const { ancestors, fellows, rules } = this.#components;
    const others = rules();
    // Our operator was given these by hand, with the token: they may stand in a private network that is not ours.
    const told = new Set([...ancestors().flatMap((one) => one.relays), ...fellows]);
    const isOwn = (address: Multiaddr): boolean => others.own.some((one) => one.equals(address));
    return relays
      .filter(({ peerId }) => peerId === wanted)
      .flatMap(({ peerId, addrs }) => addrs.map((addr) => ({ addr, end: `/p2p/${peerId}` })))
      .map(({ addr, end }) => ({ address: multiaddr(addr), end, isTold: told.has(`${addr}${end}`) }))
      .filter(({ address }) => !isOwn(address))
      .filter(({ address, isTold }) => isDialable(address, isTold ? { ...others, near: () => true } : others))
      .map(({ address, end }) => address.encapsulate(end));
  }

  async #punch(end: LinkEnd, signal: AbortSignal): Promise<Connection> {
    const { connection, peerId } = this.#signalling(end);
    const located = await this.#components.locator.locate(end.realm, signal);
    const addrs = located.relays.filter((relay) => relay.peerId === peerId).flatMap((relay) => relay.addrs);
    const both =
      hasSix(addrs.map((addr) => multiaddr(addr))) && hasSix(this.#components.host.transportManager.getAddrs());
    const families = both ? (['ip6', 'ip4'] as const) : (['ip4'] as const);
    return punch(connection, this.#components.hole, { families, observed: located.observed.get(peerId) }, signal);
  }

  /** The transport signals over the relayed connection that is there already. */
  #dialWebrtc(end: LinkEnd, signal: AbortSignal): Promise<Connection> {
    const { peerId, connection } = this.#signalling(end);
    const carrier = connection.remoteAddr.decapsulate('/p2p-circuit');
    const address = carrier.encapsulate(`/p2p-circuit/webrtc/p2p/${peerId}`);
    return dial(this.#components.host, address, { timeout: WEBRTC_TIMEOUT, clock: this.#components.clock }, signal);
  }

  #signalling({ realm, peerId }: LinkEnd): TrackedConnection {
    const [tracked] = this.#components.connections.with(peerId);
    if (!tracked) throw new UnreachableError('no-path', `no connection to ${realm} to signal on`);
    return tracked;
  }

  #located(realm: RealmName): Located {
    const located = this.#components.locator.remembered(realm);
    if (!located) throw new UnreachableError('not-located', `nobody knows where ${realm} is`);
    return located;
  }
}

function plainTimeout(beside: TrackedConnection | undefined): number {
  if (!beside) return PLAIN_TIMEOUT;
  const { unknown, least, most, fixed, roundTrips } = PROBE_TIMEOUT;
  return beside.rtt === undefined ? unknown : Math.min(most, Math.max(least, fixed + roundTrips * beside.rtt));
}
