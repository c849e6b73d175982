// What stands open beside a message, one thing at a time: its menu, its path, the choice of a reaction.
import { type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { LocalError } from '../../../src/realm/errors.ts';
import type { Chat } from '../model/chat.ts';
import type { Composing } from '../model/composing.ts';
import type { ShownMessage, Timeline } from '../model/timeline.ts';

export interface BesideMessage {
  readonly kind: 'menu' | 'path' | 'react' | 'readers';
  readonly message: ShownMessage;
  readonly opener: HTMLElement;
}

/** Each opening is one of its own: the popup before it, of the same message, may be closing still. */
export interface Shown extends BesideMessage {
  readonly turn: number;
}

export class Stage {
  readonly beside: Signal<Shown | undefined> = signal(undefined);
  /** The message that is looked for, once it is in the page. */
  readonly sought: Signal<string | undefined> = signal(undefined);
  /** Long messages of which more than the beginning is shown. */
  readonly whole: Signal<ReadonlySet<string>> = signal(new Set());
  readonly timeline: Timeline;
  readonly composing: Composing;
  readonly #chat: () => Chat;
  #turns = 0;

  constructor(chat: () => Chat, timeline: Timeline, composing: Composing) {
    this.#chat = chat;
    this.timeline = timeline;
    this.composing = composing;
  }

  /** As it is now; reading it follows nothing. */
  get chat(): Chat {
    return this.#chat();
  }

  show(beside: BesideMessage): void {
    this.beside.value = { ...beside, turn: ++this.#turns };
  }

  /** `what`: only if that is still what is shown. */
  hide(what: Shown): void {
    if (this.beside.peek() === what) this.beside.value = undefined;
  }

  showWhole(id: string, isWhole: boolean): void {
    const others = [...this.whole.peek()].filter((known) => known !== id);
    this.whole.value = new Set(isWhole ? [...others, id] : others);
  }

  /** Scrolls to a message, and loads as far back as it takes. */
  async goTo(id: string): Promise<void> {
    if (await this.timeline.reach(id)) this.sought.value = id;
  }
}

export const StageContext = createContext<Stage | undefined>(undefined);

export function useStage(): Stage {
  const stage = useContext(StageContext);
  if (!stage) throw new LocalError('no-stage', 'a component of a conversation stands outside of one');
  return stage;
}
