// Who is typing, as far as this node shows it: each sign lasts TYPING_LASTS and then ends by itself.
import { TYPING_LASTS } from '../../src/protocols/presence/index.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import type { ConversationId, UserId } from '../../src/realm/ids.ts';

export interface Typing {
  readonly user: UserId;
  readonly conversation: ConversationId;
  readonly to: readonly UserId[];
}

/** Signs that last at one time; further ones are not shown. */
const MAX_SIGNS = 10_000;

export class TypingBoard {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #show: (typing: Typing, active: boolean) => void;
  readonly #signs = new Map<string, Timer>();

  constructor(clock: Pick<Clock, 'after'>, show: (typing: Typing, active: boolean) => void) {
    this.#clock = clock;
    this.#show = show;
  }

  begin(typing: Typing): void {
    const at = nameOf(typing);
    const before = this.#signs.get(at);
    if (!before && this.#signs.size >= MAX_SIGNS) return;
    before?.cancel();
    const timer = this.#clock.after(TYPING_LASTS, () => this.end(typing));
    this.#signs.set(at, timer);
    this.#show(typing, true);
  }

  end(typing: Typing): void {
    const at = nameOf(typing);
    const timer = this.#signs.get(at);
    if (!timer) return;
    timer.cancel();
    this.#signs.delete(at);
    this.#show(typing, false);
  }

  stop(): void {
    for (const timer of this.#signs.values()) timer.cancel();
    this.#signs.clear();
  }
}

function nameOf({ user, conversation }: Typing): string {
  return `${user}/${conversation}`;
}
