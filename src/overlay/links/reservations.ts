// Keeps a reservation at each ancestor's relay that we are connected to directly, so that others reach us through it. The
// transport restores none by itself once the relay has restarted (js-libp2p issue 3601): a watchdog does.
//
// A listener is made once for each relay. Making one anew each time would leak it, and closing one would cancel the
// reservations at all other relays (ReservationStore.cancelReservations); with a listener in place it is enough to add the
// relay to the store again.
import type { Connection, PeerId, Transport } from '@libp2p/interface';
import type { Clock, Timer } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { messageOf, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import { untilAborted } from '../../realm/until-aborted.ts';
import type { Connections } from './connections.ts';
import type { HostInternals } from './host-internals.ts';
import type { Ancestor } from './links.ts';

const CHECK_INTERVAL = 1_000;
/** After a refusal, so that a relay without room is not asked each second. */
const PAUSE_AFTER_FAILURE = 5_000;
const RESERVE_DEADLINE = 10_000;
const NEVER = new AbortController().signal;

interface ReservationStore {
  hasReservation(peerId: PeerId): boolean;
  addRelay(peerId: PeerId, type: 'configured'): Promise<unknown>;
}

export interface ReservationComponents {
  readonly host: HostInternals;
  readonly connections: Connections;
  readonly ancestors: () => readonly Ancestor[];
  readonly clock: Clock;
  readonly log: Log;
}

export class ReservationWatchdog {
  readonly #components: ReservationComponents;
  readonly #listening = new Set<string>();
  readonly #pausedUntil = new Map<string, number>();
  #isAsking = false;
  #timer: Timer | undefined;

  constructor(components: ReservationComponents) {
    this.#components = components;
  }

  start(): void {
    this.#timer = this.#components.clock.after(CHECK_INTERVAL, () => {
      this.check();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The ancestors whose relays carry circuits to us at this moment. */
  held(): RealmName[] {
    const store = storeOf(this.#components.host);
    return this.#wanted().flatMap(({ realm, connection }) =>
      store?.hasReservation(connection.remotePeer) ? [realm] : [],
    );
  }

  check(): void {
    const store = storeOf(this.#components.host);
    if (!store || this.#isAsking) return;
    for (const { peerId, connection } of this.#wanted()) {
      const paused = (this.#pausedUntil.get(peerId) ?? 0) > this.#components.clock.monotonic();
      if (paused || store.hasReservation(connection.remotePeer)) continue;
      void this.#reserve(store, peerId, connection);
      return;
    }
  }

  #wanted() {
    const above = new Set(this.#components.ancestors().map(({ realm }) => realm));
    return this.#components.connections.all().filter(({ realm, path }) => above.has(realm) && path === 'direct-tcp');
  }

  /** One after the other: of two that are asked for at once the transport sometimes never answers the second. */
  async #reserve(store: ReservationStore, peerId: string, connection: Connection): Promise<void> {
    const { clock, log } = this.#components;
    this.#isAsking = true;
    try {
      await within(clock, RESERVE_DEADLINE, 'reservation', NEVER, (late) =>
        Promise.race([this.#ask(store, peerId, connection), untilAborted(late)]),
      );
      if (!store.hasReservation(connection.remotePeer)) throw new UnreachableError('timeout', 'no answer in time');
      log.info({ relay: peerId }, 'circuit reservation made');
    } catch (error) {
      this.#pausedUntil.set(peerId, clock.monotonic() + PAUSE_AFTER_FAILURE);
      log.warn({ relay: peerId, reason: messageOf(error) }, 'circuit reservation refused');
    } finally {
      this.#isAsking = false;
      if (this.#timer) this.check();
    }
  }

  async #ask(store: ReservationStore, peerId: string, connection: Connection): Promise<void> {
    if (this.#listening.has(peerId)) await store.addRelay(connection.remotePeer, 'configured');
    else await this.#listen(peerId, connection);
  }

  async #listen(peerId: string, connection: Connection): Promise<void> {
    const ends = connection.remoteAddr.toString().endsWith(`/p2p/${peerId}`);
    const address = ends ? connection.remoteAddr : connection.remoteAddr.encapsulate(`/p2p/${peerId}`);
    this.#listening.add(peerId);
    await this.#components.host.transportManager.listen([address.encapsulate('/p2p-circuit')]);
  }
}

function storeOf({ transportManager }: HostInternals): ReservationStore | undefined {
  const transport: Transport | undefined = transportManager
    .getTransports()
    .find((one) => one[Symbol.toStringTag] === '@libp2p/circuit-relay-v2-transport');
  const store: unknown = transport && 'reservationStore' in transport ? transport.reservationStore : undefined;
  return isReservationStore(store) ? store : undefined;
}

function isReservationStore(value: unknown): value is ReservationStore {
  return typeof value === 'object' && value !== null && 'hasReservation' in value && 'addRelay' in value;
}
