// Drafts: what a person has typed and not sent, for each conversation. The library keeps them encrypted, and they follow the person
// to other devices.
import { type Signal, signal } from '@preact/signals';
import type { Client } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { ConversationId, MessageId } from '../../../src/realm/ids.ts';

/** Milliseconds between two writes while somebody types; conventions ask for a second at most. */
const SAVE_AFTER = 200;

export interface Drafted {
  readonly text: string;
  readonly replyTo?: MessageId | undefined;
}

export interface DraftsComponents {
  readonly client: Pick<Client, 'draft' | 'setDraft' | 'on'>;
  readonly clock: Clock;
}

const EMPTY: Drafted = { text: '' };

export class Drafts {
  readonly #components: DraftsComponents;
  readonly #drafts = new Map<ConversationId, Signal<Drafted>>();
  readonly #saves = new Map<ConversationId, Timer>();
  /** Texts that have left the field and are not in the queue yet. */
  readonly #leaving = new Map<ConversationId, Set<Drafted>>();
  #stop: () => void = () => {};

  constructor(components: DraftsComponents) {
    this.#components = components;
  }

  start(): void {
    this.#stop = this.#components.client.on('draft', ({ conversation, draft }) => {
      // what is being typed here is later
      if (!this.#saves.has(conversation) && !this.#leaving.has(conversation))
        this.of(conversation).value = draft ?? EMPTY;
    });
  }

  stop(): void {
    void this.flush();
    this.#stop();
  }

  of(conversation: ConversationId): Signal<Drafted> {
    const known = this.#drafts.get(conversation);
    if (known) return known;
    const draft: Signal<Drafted> = signal(this.#components.client.draft(conversation) ?? EMPTY);
    this.#drafts.set(conversation, draft);
    return draft;
  }

  set(conversation: ConversationId, draft: Drafted): void {
    this.of(conversation).value = draft;
    const save = (): void => void this.#save(conversation);
    if (draft.text === '') save();
    // Whoever types on without a pause loses no more for it.
    else if (!this.#saves.has(conversation)) {
      this.#saves.set(conversation, this.#components.clock.after(SAVE_AFTER, save));
    }
  }

  /**
   * Empties the field. What is kept stays as it was until the answer is called: the page may go before the text is in the queue, and then
   * it stands in the field again.
   */
  leave(conversation: ConversationId): () => void {
    const draft = this.of(conversation).peek();
    const leaving = this.#leaving.get(conversation) ?? new Set();
    this.#leaving.set(conversation, leaving.add(draft));
    this.of(conversation).value = EMPTY;
    return () => {
      leaving.delete(draft);
      if (leaving.size > 0) return;
      this.#leaving.delete(conversation);
      void this.#save(conversation);
    };
  }

  /** Writes what is not written yet, and what is on its way to the queue: the page is about to go. */
  async flush(): Promise<void> {
    const due = new Set([...this.#saves.keys(), ...this.#leaving.keys()]);
    const saves = [...due].map((conversation) => {
      const leaving = this.#leaving.get(conversation) ?? [];
      return this.#save(
        conversation,
        [...leaving].map(({ text }) => text),
      );
    });
    await Promise.all(saves);
  }

  /** @param before texts that stand before what is in the field; without any, nothing is written while some are leaving */
  async #save(conversation: ConversationId, before: readonly string[] = []): Promise<void> {
    this.#saves.get(conversation)?.cancel();
    this.#saves.delete(conversation);
    if (this.#leaving.has(conversation) && before.length === 0) return;
    const { text: present, replyTo } = this.of(conversation).peek();
    const text = [...before, present].filter((one) => one !== '').join('\n');
    // too long to be kept, or no place to keep it: what is on the screen stays
    await this.#components.client.setDraft(conversation, text, replyTo).catch(() => undefined);
  }
}
