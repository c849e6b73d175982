// Whether a newer version of the page lies ready: the node was brought up to date while this page was open. A person decides when to
// change over; what is typed is on the disk before.
import { type Signal, signal } from '@preact/signals';
import type { Client } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';

/** What the page knows of its versions. A page without a service worker has one alone. */
export interface VersionSource {
  /** Calls back when another version answers than this page was made of, and when it does not any more; returns the end of it. */
  onChange(listener: (isOther: boolean) => void): () => void;
  /** Asks the node whether there is a newer one. */
  look(): void;
  reload(): void;
}

/** Milliseconds between two questions at least: a line that comes and goes is no reason for many. */
const PAUSE = 5 * 60_000;
/** Milliseconds after which a page that stays open asks by itself. */
const REST = 6 * 3_600_000;

export interface PageVersionComponents {
  readonly client: Pick<Client, 'on'>;
  readonly clock: Clock;
  readonly version: VersionSource;
}

export class PageVersion {
  readonly isNewer: Signal<boolean> = signal(false);
  readonly #components: PageVersionComponents;
  readonly #stops: (() => void)[] = [];
  #asked = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(components: PageVersionComponents) {
    this.#components = components;
  }

  start(): void {
    const { client, version } = this.#components;
    this.#stops.push(
      version.onChange((isOther) => (this.isNewer.value = isOther)),
      // a node that was brought up to date was away for it
      client.on('ready', () => this.#look()),
    );
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** @param settle what has to be on the disk before the page goes */
  async changeOver(settle: () => Promise<void>): Promise<void> {
    await settle();
    this.#components.version.reload();
  }

  #look(): void {
    const now = this.#components.clock.monotonic();
    if (now - this.#asked < PAUSE) return;
    this.#asked = now;
    this.#components.version.look();
  }

  #wait(): void {
    this.#timer = this.#components.clock.after(REST, () => {
      this.#look();
      this.#wait();
    });
  }
}
