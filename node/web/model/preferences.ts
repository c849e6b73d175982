// What a person chose for this browser: theme and language. Kept locally, applied at once; a language when its texts are here.
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { chooseLanguage, LANGUAGES, type Language } from '../text/languages.ts';
import type { Texts } from '../text/texts.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';
import { Wording } from './wording.ts';

export const THEMES = ['system', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

/** A language with its texts. */
export interface Spoken {
  readonly language: Language;
  readonly texts: Texts;
}

export interface PreferencesComponents {
  readonly store: LocalStore;
  readonly spoken: Spoken;
  loadTexts(language: Language): Promise<Texts>;
}

/** What was chosen here before, else the first of the browser's languages that we speak. */
export function wantedLanguage(store: LocalStore, languages: readonly string[]): Language {
  const kept = readLocal(store, 'canopy.language');
  return LANGUAGES.find((known) => known === kept) ?? chooseLanguage(languages);
}

export class Preferences {
  readonly theme: Signal<Theme>;
  readonly words: ReadonlySignal<Wording>;
  readonly language: ReadonlySignal<Language>;
  readonly #spoken: Signal<Spoken>;
  readonly #store: LocalStore;
  readonly #loadTexts: (language: Language) => Promise<Texts>;
  /** The last choice; a slower load of an earlier one changes nothing any more. */
  #wanted: Language;

  constructor({ store, spoken, loadTexts }: PreferencesComponents) {
    this.#store = store;
    this.#loadTexts = loadTexts;
    this.#spoken = signal(spoken);
    this.#wanted = spoken.language;
    const theme = readLocal(store, 'canopy.theme');
    this.theme = signal(THEMES.find((known) => known === theme) ?? 'system');
    this.language = computed(() => this.#spoken.value.language);
    this.words = computed(() => new Wording(this.#spoken.value.language, this.#spoken.value.texts));
  }

  nextTheme(): void {
    this.setTheme(THEMES[(THEMES.indexOf(this.theme.value) + 1) % THEMES.length] ?? 'system');
  }

  setTheme(theme: Theme): void {
    this.theme.value = theme;
    writeLocal(this.#store, 'canopy.theme', theme);
  }

  /** Stays with the language that is when the texts don't come. */
  async setLanguage(language: Language): Promise<void> {
    this.#wanted = language;
    try {
      const texts = await this.#loadTexts(language);
      if (this.#wanted !== language) return;
      this.#spoken.value = { language, texts };
      writeLocal(this.#store, 'canopy.language', language);
    } catch {
      if (this.#wanted === language) this.#wanted = this.language.peek();
    }
  }
}
