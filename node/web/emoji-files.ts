// The emoji of a language, a file of the bundle each (scripts/emoji-build.ts makes them), loaded when somebody first looks.
import { type Emoji, readEmoji } from './model/emoji.ts';
import type { Language } from './text/languages.ts';

const FILES = {
  en: () => import('emoji:en'),
  uk: () => import('emoji:uk'),
  ru: () => import('emoji:ru'),
  zh: () => import('emoji:zh'),
} as const satisfies Record<Language, () => Promise<unknown>>;

export async function loadEmoji(language: Language): Promise<readonly Emoji[]> {
  return readEmoji((await FILES[language]()).rows);
}
