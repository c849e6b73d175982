// How often "typing" is told to a conversation, however fast a person types.
import type { Clock } from '../realm/clock.ts';
import type { ConversationId } from '../realm/ids.ts';

/** Milliseconds between two "typing" to one conversation. */
const TYPING_EVERY = 1000;

export class TypingPace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #told = new Map<ConversationId, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Whether it is time to tell it again; then it counts as told. */
  isDue(conversation: ConversationId): boolean {
    const now = this.#clock.monotonic();
    if (now - (this.#told.get(conversation) ?? -TYPING_EVERY) < TYPING_EVERY) return false;
    this.#told.set(conversation, now);
    return true;
  }
}
