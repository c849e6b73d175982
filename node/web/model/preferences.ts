// What a person chose for this browser: theme and language. Kept locally, applied at once.
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';
import { chooseLanguage, LANGUAGES, type Language, Wording } from './wording.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export class Preferences {
  readonly theme: Signal<Theme>;
  readonly language: Signal<Language>;
  readonly words: ReadonlySignal<Wording>;
  readonly #store: LocalStore;

  /** @param languages the browser's, most wanted first */
  constructor(store: LocalStore, languages: readonly string[]) {
    this.#store = store;
    const theme = readLocal(store, 'canopy.theme');
    const language = readLocal(store, 'canopy.language');
    this.theme = signal(THEMES.find((known) => known === theme) ?? 'system');
    this.language = signal(LANGUAGES.find((known) => known === language) ?? chooseLanguage(languages));
    this.words = computed(() => new Wording(this.language.value));
  }

  nextTheme(): void {
    this.theme.value = THEMES[(THEMES.indexOf(this.theme.value) + 1) % THEMES.length] ?? 'system';
    writeLocal(this.#store, 'canopy.theme', this.theme.value);
  }

  setLanguage(language: Language): void {
    this.language.value = language;
    writeLocal(this.#store, 'canopy.language', language);
  }
}
