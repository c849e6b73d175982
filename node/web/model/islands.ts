// Other branches that are away, in words: since when, how much waits, and that the own branch goes on. Silent while all are
// there, and about branches that this person has nothing to do with.
import { type Signal, signal } from '@preact/signals';
import type { Client, Island, Islands } from '../../../src/client/client.ts';
import type { Wording } from './wording.ts';

export interface IslandsModelComponents {
  readonly client: Pick<Client, 'on' | 'islands'>;
  /** Branches of the people in the person's conversations. */
  readonly realms: () => ReadonlySet<string>;
}

export class IslandsModel {
  readonly #components: IslandsModelComponents;
  readonly #islands: Signal<Islands>;
  #stop: () => void = () => {};

  constructor(components: IslandsModelComponents) {
    this.#components = components;
    this.#islands = signal(components.client.islands);
  }

  start(): void {
    this.#stop = this.#components.client.on('islands', (islands) => {
      this.#islands.value = islands;
    });
  }

  stop(): void {
    this.#stop();
  }

  /** Undefined when there is nothing to say. */
  text(words: Wording, now: number): string | undefined {
    const { alone, realms } = this.#islands.value;
    const queued = realms.reduce((sum, island) => sum + island.queued, 0);
    if (alone !== undefined) return words.t('islands.alone', { time: words.moment(alone, now), queued });
    const own = this.#components.realms();
    const away = realms.filter((island) => own.has(island.realm));
    const [first] = away;
    if (!first) return undefined;
    return away.length === 1 ? oneText(words, first, now) : words.t('islands.several', { count: away.length, queued });
  }
}

function oneText(words: Wording, { realm, since, queued, code }: Island, now: number): string {
  if (code === 'frozen') return words.t('islands.frozen', { realm });
  const time = since === undefined ? '' : words.moment(since, now);
  return queued === 0
    ? words.t('islands.oneIdle', { realm, time })
    : words.t('islands.one', { realm, time, count: queued });
}
