// Keeps the node connected to its own relay: dials the relay's addresses in turn, with a growing wait between rounds, and
// begins again when the connection ends. A node starts, and runs, without its relay.
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Libp2p } from 'libp2p';
import { type Clock, sleep } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, messageOf, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Admissions } from '../admission/admissions.ts';

export interface RelayKeeperComponents {
  readonly libp2p: Pick<Libp2p, 'dial'>;
  readonly admissions: Admissions;
  readonly realm: RealmName;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RelayState {
  readonly connected: boolean;
  readonly peerId?: string;
  /** The one in use, or the first of those that are tried. */
  readonly address?: string;
  /** Code and text of the last failure, while there is no connection. */
  readonly error?: { readonly code: string; readonly message: string };
}

const DIAL_DEADLINE = 10_000;
const FIRST_WAIT = 250;
/** The relay is in the same house, and all messages wait for it. */
const LONGEST_WAIT = 1_000;

export class RelayKeeper {
  readonly #components: RelayKeeperComponents;
  readonly #listeners = new Set<(connection: Connection | undefined) => void>();
  readonly #addresses: readonly string[];
  #connection: Connection | undefined;
  #failure: unknown;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(components: RelayKeeperComponents, addresses: readonly string[]) {
    this.#components = components;
    this.#addresses = addresses;
  }

  get connection(): Connection | undefined {
    return this.#connection?.status === 'open' ? this.#connection : undefined;
  }

  get state(): RelayState {
    const { connection } = this;
    if (connection) {
      return { connected: true, peerId: connection.remotePeer.toString(), address: connection.remoteAddr.toString() };
    }
    const failure = this.#failure;
    const [address] = this.#addresses;
    return {
      connected: false,
      ...(address === undefined ? {} : { address }),
      ...(failure ? { error: { code: codeOf(failure), message: messageOf(failure) } } : {}),
    };
  }

  mayDial(address: string): boolean {
    return this.#addresses.some((own) => own === address);
  }

  /** Calls back with the connection when it is up, and with undefined when it has ended. */
  onChange(listener: (connection: Connection | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let wait = FIRST_WAIT;
    while (!signal.aborted) {
      const connection = await this.#dialAny(signal);
      if (connection) {
        wait = FIRST_WAIT;
        await this.#hold(connection, signal);
      }
      await sleep(this.#components.clock, wait, signal).catch(() => {});
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  async #dialAny(signal: AbortSignal): Promise<Connection | undefined> {
    for (const address of this.#addresses) {
      try {
        return await this.#dial(address, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#failure = error;
        this.#components.log.debug({ address, code: codeOf(error), error: messageOf(error) }, 'own relay not reached');
      }
    }
    return undefined;
  }

  async #dial(address: string, signal: AbortSignal): Promise<Connection> {
    const { libp2p, admissions, realm, clock } = this.#components;
    const target = multiaddr(address);
    try {
      const connection = await within(clock, DIAL_DEADLINE, 'own relay', signal, (limited) =>
        libp2p.dial(target, { signal: limited }),
      );
      const peer = admissions.get(connection.remotePeer.toString());
      if (peer?.realm === realm && peer.role === 'relay') return connection;
      const error = new RefusedError('unexpected-peer', `${address} is not the relay of ${realm}`);
      connection.abort(error);
      throw error;
    } catch (error) {
      throw admissions.takeFailure(address) ?? error;
    }
  }

  async #hold(connection: Connection, signal: AbortSignal): Promise<void> {
    if (connection.status !== 'open') return;
    const ended = Promise.withResolvers<void>();
    connection.addEventListener('close', () => ended.resolve(), { once: true });
    const onAbort = () => ended.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#connection = connection;
    this.#failure = undefined;
    this.#components.log.info({ address: connection.remoteAddr.toString() }, 'own relay connected');
    this.#tell(connection);
    await ended.promise;
    signal.removeEventListener('abort', onAbort);
    this.#connection = undefined;
    if (!signal.aborted) this.#components.log.warn({}, 'own relay lost');
    this.#tell(undefined);
  }

  #tell(connection: Connection | undefined): void {
    for (const listener of this.#listeners) listener(connection);
  }
}
