// The texts of all languages, for tests that speak.
import { Wording } from '../../../node/web/model/wording.ts';
import { en } from '../../../node/web/text/en.ts';
import type { Language } from '../../../node/web/text/languages.ts';
import { ru } from '../../../node/web/text/ru.ts';
import type { Texts } from '../../../node/web/text/texts.ts';
import { uk } from '../../../node/web/text/uk.ts';
import { zh } from '../../../node/web/text/zh.ts';

export const CATALOGUES: Readonly<Record<Language, Texts>> = { en, uk, ru, zh };

export function wordsIn(language: Language, timeZone?: string): Wording {
  return new Wording(language, CATALOGUES[language], timeZone);
}
