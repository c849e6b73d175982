// What is the matter with the computer itself, in words: no room for what comes, a clock that is wrong. Silent while all is well.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Client } from '../../../src/client/client.ts';
import type { TextKey } from '../text/texts.ts';
import type { Wording } from './wording.ts';

const OF_STORAGE: Readonly<Record<string, TextKey>> = {
  'cache-full': 'trouble.full',
  'cache-failed': 'trouble.notStored',
  'storage-failed': 'trouble.notStored',
};

export interface TroublesComponents {
  readonly client: Pick<Client, 'on'>;
  /** Milliseconds by which this computer's clock is ahead of the branch's. */
  readonly skew: ReadonlySignal<number>;
}

export class Troubles {
  readonly #components: TroublesComponents;
  readonly #storage: Signal<TextKey | undefined> = signal(undefined);
  #stops: readonly (() => void)[] = [];

  constructor(components: TroublesComponents) {
    this.#components = components;
  }

  start(): void {
    const { client } = this.#components;
    this.#stops = [
      client.on('error', ({ code }) => {
        if (Object.hasOwn(OF_STORAGE, code)) this.#storage.value = OF_STORAGE[code];
      }),
      client.on('stored-again', () => {
        this.#storage.value = undefined;
      }),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** `now` by the branch's clock. Undefined when there is nothing to say. */
  text(words: Wording, now: number): string | undefined {
    const storage = this.#storage.value;
    if (storage) return words.t(storage);
    const skew = this.#components.skew.value;
    if (skew === 0) return undefined;
    return words.t('trouble.clock', { wrong: words.moment(now + skew, now), right: words.time(now) });
  }
}
