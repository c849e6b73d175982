// Keeps the node connected to each relay of its realm, and knows of each how far it is and whether it still answers. Which of
// them carries a stream is decided for each realm (path-follower.ts has what they say of their links).
import type { Connection } from '@libp2p/interface';
import type { Clock, Timer } from '../../realm/clock.ts';
import { UnreachableError } from '../../realm/errors.ts';
import { watchConnection } from '../links/liveness.ts';
import { relayOf } from '../location/locator.ts';
import { RelayKeeper, type RelayKeeperComponents, type RelayState } from './relay-keeper.ts';

/** The relay is in the same house: its answer takes milliseconds. */
const PING_INTERVAL = 2_000;
/** One ping has not come back: another relay is preferred. */
const SILENT = 3_500;
/** Three have not: the connection is a black hole, and what hangs on it had better fail now. */
const BLACK_HOLE = 7_000;
const CHECK_INTERVAL = 500;

export interface OwnRelay {
  readonly peerId: string;
  readonly connection: Connection;
  /** Milliseconds; undefined before the first answer. */
  readonly rtt: number | undefined;
  readonly isSilent: boolean;
}

interface Watched {
  readonly connection: Connection;
  readonly watch: AbortController;
  rtt: number | undefined;
  /** Monotonic milliseconds; undefined before the first answer: a relay of another release may never give one. */
  heardAt: number | undefined;
}

type Listener = (connection: Connection | undefined) => void;

export class OwnRelays {
  readonly #clock: Clock;
  readonly #addresses: readonly string[];
  readonly #keepers: readonly RelayKeeper[];
  readonly #watched = new Map<string, Watched>();
  #timer: Timer | undefined;

  /** @param addresses multiaddrs that end in the relays' peer ids */
  constructor(components: RelayKeeperComponents, addresses: readonly string[]) {
    this.#clock = components.clock;
    this.#addresses = addresses;
    const peers = new Set(addresses.flatMap((address) => relayOf(address).map(({ peerId }) => peerId)));
    const groups = [...peers].map((peerId) => addresses.filter((address) => address.endsWith(`/p2p/${peerId}`)));
    const anonymous = addresses.filter((address) => relayOf(address).length === 0);
    this.#keepers = [...groups, ...(anonymous.length > 0 ? [anonymous] : [])].map(
      (group) => new RelayKeeper(components, group),
    );
    for (const keeper of this.#keepers) keeper.onChange((connection) => this.#watch(connection));
  }

  /** Those that are connected, in the order of the settings. */
  all(): OwnRelay[] {
    const now = this.#clock.monotonic();
    return this.#keepers.flatMap(({ connection }) => {
      if (!connection) return [];
      const peerId = connection.remotePeer.toString();
      const { rtt, heardAt } = this.#watched.get(connection.id) ?? {};
      return [{ peerId, connection, rtt, isSilent: heardAt !== undefined && now - heardAt >= SILENT }];
    });
  }

  /** Of the first that is connected, else of the first. */
  get state(): RelayState {
    const states = this.states;
    return states.find(({ connected }) => connected) ?? states[0] ?? { connected: false };
  }

  get states(): RelayState[] {
    return this.#keepers.map(({ state }) => state);
  }

  mayDial(address: string): boolean {
    return this.#addresses.includes(address);
  }

  /** Calls back with each connection that is up, and with undefined when one has ended. */
  onChange(listener: Listener): () => void {
    const unsubscribers = this.#keepers.map((keeper) => keeper.onChange(listener));
    return () => {
      for (const unsubscribe of unsubscribers) unsubscribe();
    };
  }

  start(): void {
    for (const keeper of this.#keepers) keeper.start();
    this.#check();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    for (const { watch } of this.#watched.values()) watch.abort();
    await Promise.all(this.#keepers.map((keeper) => keeper.stop()));
  }

  #watch(connection: Connection | undefined): void {
    for (const [id, watched] of this.#watched) {
      if (watched.connection.status === 'open') continue;
      watched.watch.abort();
      this.#watched.delete(id);
    }
    if (!connection) return;
    const watched: Watched = { connection, watch: new AbortController(), rtt: undefined, heardAt: undefined };
    this.#watched.set(connection.id, watched);
    const onAnswer = (rtt: number): void => {
      watched.rtt = rtt;
      watched.heardAt = this.#clock.monotonic();
    };
    void watchConnection(connection, this.#clock, onAnswer, watched.watch.signal, PING_INTERVAL);
  }

  #check(): void {
    this.#timer = this.#clock.after(CHECK_INTERVAL, () => this.#check());
    const now = this.#clock.monotonic();
    for (const { connection, heardAt } of this.#watched.values()) {
      if (heardAt === undefined || now - heardAt < BLACK_HOLE || connection.status !== 'open') continue;
      connection.abort(new UnreachableError('black-hole', 'the own relay stopped answering'));
    }
  }
}
