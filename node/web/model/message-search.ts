// Full-text search over what this device holds, while it is typed. The words never leave the device.
import { type Signal, signal } from '@preact/signals';
import type { Client, SearchHit } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';

/** Milliseconds without a key before it is looked for. */
const PAUSE = 150;
/** Hits of one page. */
const PAGE = 30;
/** Letters below which nearly everything would be found. */
const FEWEST = 2;

export interface MessageSearchComponents {
  readonly client: Pick<Client, 'search'>;
  readonly clock: Clock;
}

export class MessageSearch {
  readonly hits: Signal<readonly SearchHit[]> = signal([]);
  readonly isLooking: Signal<boolean> = signal(false);
  /** There may be older ones. */
  readonly isMore: Signal<boolean> = signal(false);
  readonly #components: MessageSearchComponents;
  #pause: Timer | undefined;
  #question = '';
  /** Answers to earlier questions no longer count. */
  #turn = 0;

  constructor(components: MessageSearchComponents) {
    this.#components = components;
  }

  type(text: string, conversation?: ConversationId): void {
    this.stop();
    this.#question = text.trim();
    this.hits.value = [];
    this.isMore.value = false;
    this.isLooking.value = this.#question.length >= FEWEST;
    if (!this.isLooking.value) return;
    this.#pause = this.#components.clock.after(PAUSE, () => void this.#look(conversation));
  }

  more(conversation?: ConversationId): Promise<void> {
    return this.#look(conversation, this.hits.peek().at(-1)?.place);
  }

  stop(): void {
    this.#pause?.cancel();
    this.#turn += 1;
  }

  async #look(conversation?: ConversationId, before?: string): Promise<void> {
    const turn = this.#turn;
    const options = { limit: PAGE, ...(conversation && { conversation }), ...(before !== undefined && { before }) };
    const hits = await this.#components.client.search(this.#question, options).catch(() => []);
    if (turn !== this.#turn) return;
    this.hits.value = before === undefined ? hits : [...this.hits.value, ...hits];
    this.isMore.value = hits.length === PAGE;
    this.isLooking.value = false;
  }
}
