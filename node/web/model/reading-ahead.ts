// The conversations at the head of the list are read ahead, one after the other, once what is on the screen is there: opening one of
// them then waits for nothing.
import type { ReadonlySignal } from '@preact/signals';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { Chat } from './chat.ts';
import type { Timeline } from './timeline.ts';

const MOST = 6;
/** Milliseconds before each. */
const PAUSE = 60;

export interface ReadingAheadComponents {
  readonly clock: Clock;
  readonly list: ReadonlySignal<readonly Chat[]>;
  readonly timelineOf: (chat: Chat) => Timeline;
}

export class ReadingAhead {
  readonly #components: ReadingAheadComponents;
  readonly #done = new Set<string>();
  #timer: Timer | undefined;
  #isOver = false;

  constructor(components: ReadingAheadComponents) {
    this.#components = components;
  }

  start(): void {
    const { clock, list } = this.#components;
    if (this.#isOver || this.#done.size >= MOST) return;
    this.#timer = clock.after(PAUSE, () => {
      const next = list.peek().find(({ id }) => !this.#done.has(id));
      if (next) void this.#read(next);
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  async #read(chat: Chat): Promise<void> {
    this.#done.add(chat.id);
    await this.#components.timelineOf(chat).prepare();
    this.start();
  }
}
