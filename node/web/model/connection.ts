// The connection in words: what is the matter, and what waits. Silent while all is well, and for short breaks.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ConnectionState } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { PageClient } from './page-client.ts';
import type { Wording } from './wording.ts';

/** Milliseconds that a break may last before it is told: a server's restart should not flicker. */
const PATIENCE = 1200;

export interface ConnectionComponents {
  readonly client: PageClient;
  readonly clock: Clock;
  /** Whether the computer has a network at all. */
  readonly online: ReadonlySignal<boolean>;
}

export class ConnectionModel {
  readonly state: Signal<ConnectionState>;
  /** A break that lasts. */
  readonly isBroken: Signal<boolean> = signal(false);
  readonly queued: Signal<number> = signal(0);
  readonly #components: ConnectionComponents;
  readonly #waiting = new Set<string>();
  readonly #stops: (() => void)[] = [];
  #patience: Timer | undefined;
  /** Has been live before: the first connecting is told differently from a break. */
  #wasLive = false;

  constructor(components: ConnectionComponents) {
    this.#components = components;
    this.state = signal(components.client.connection);
  }

  start(): void {
    const { client } = this.#components;
    this.#stops.push(
      client.on('connection', ({ state }) => this.#onState(state)),
      client.on('message', ({ id, mine, state }) => mine && this.#count(id, state)),
      client.on('state', ({ id, state }) => this.#count(id, state)),
      client.on('removed', ({ id }) => this.#count(id, 'removed')),
    );
    for (const { id } of client.queued()) this.#count(id, 'queued');
    this.#onState(client.connection);
  }

  stop(): void {
    for (const stop of this.#stops.splice(0).toReversed()) stop();
    this.#patience?.cancel();
  }

  /** What the strip says; undefined when there is nothing to say. */
  readonly text = (words: Wording): string | undefined => this.#text(words);

  #text(words: Wording): string | undefined {
    if (!this.isBroken.value) return undefined;
    const why = !this.#components.online.value
      ? 'connection.noNetwork'
      : this.#wasLive || this.state.value === 'waiting'
        ? 'connection.offline'
        : 'connection.connecting';
    const queued = this.queued.value;
    return queued === 0 ? words.t(why) : `${words.t(why)} ${words.t('connection.queued', { count: queued })}`;
  }

  #onState(state: ConnectionState): void {
    this.state.value = state;
    if (state === 'live') {
      this.#wasLive = true;
      this.#patience?.cancel();
      this.#patience = undefined;
      this.isBroken.value = false;
    } else {
      this.#patience ??= this.#components.clock.after(PATIENCE, () => {
        this.isBroken.value = true;
      });
    }
  }

  #count(id: string, state: string): void {
    if (state === 'queued') this.#waiting.add(id);
    else this.#waiting.delete(id);
    this.queued.value = this.#waiting.size;
  }
}
