// Drafts: what a person has typed and not sent, for each conversation, on disk within a second.
import { type Signal, signal } from '@preact/signals';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';

/** Milliseconds; conventions ask for a second at most. */
const SAVE_AFTER = 400;

export interface DraftsComponents {
  readonly store: LocalStore;
  readonly clock: Clock;
  /** Whose drafts: two people may use one browser. */
  readonly owner: string;
}

export class Drafts {
  readonly #components: DraftsComponents;
  readonly #texts = new Map<string, Signal<string>>();
  readonly #saves = new Map<string, Timer>();

  constructor(components: DraftsComponents) {
    this.#components = components;
  }

  of(conversation: string): Signal<string> {
    const known = this.#texts.get(conversation);
    if (known) return known;
    const text = signal(readLocal(this.#components.store, this.#key(conversation)) ?? '');
    this.#texts.set(conversation, text);
    return text;
  }

  set(conversation: string, text: string): void {
    this.of(conversation).value = text;
    this.#saves.get(conversation)?.cancel();
    if (text === '') this.#save(conversation);
    else
      this.#saves.set(
        conversation,
        this.#components.clock.after(SAVE_AFTER, () => this.#save(conversation)),
      );
  }

  /** Writes what is not written yet: the page is about to go. */
  flush(): void {
    for (const conversation of this.#saves.keys()) this.#save(conversation);
  }

  #save(conversation: string): void {
    this.#saves.get(conversation)?.cancel();
    this.#saves.delete(conversation);
    writeLocal(this.#components.store, this.#key(conversation), this.of(conversation).value);
  }

  #key(conversation: string): string {
    return `canopy.draft.${this.#components.owner}.${conversation}`;
  }
}
