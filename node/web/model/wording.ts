// Words for people: the catalogue of one language with its plural forms, and dates and numbers in its habits.
import { en } from '../text/en.ts';
import type { TextKey, Texts } from '../text/texts.ts';
import { uk } from '../text/uk.ts';

export type TextParams = Readonly<Record<string, string | number>>;

export const LANGUAGES = ['en', 'uk'] as const;
export type Language = (typeof LANGUAGES)[number];
/** Each language by its own name. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', uk: 'Українська' };

export const CATALOGUES: Readonly<Record<Language, Texts>> = { en, uk };

/** The first language of the person's list that we speak. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const match = LANGUAGES.find((language) => tag.toLowerCase().split('-')[0] === language);
    if (match) return match;
  }
  return 'en';
}

export class Wording {
  readonly language: Language;
  readonly #texts: Texts;
  readonly #plurals: Intl.PluralRules;
  readonly #numbers: Intl.NumberFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayAndYear: Intl.DateTimeFormat;
  readonly #short: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #calendar: Intl.DateTimeFormat;

  /** `timeZone` is for tests; people have their own. */
  constructor(language: Language, timeZone?: string) {
    const zone = timeZone === undefined ? {} : { timeZone };
    const locale = language === 'en' ? 'en-GB' : language;
    this.language = language;
    this.#texts = CATALOGUES[language];
    this.#plurals = new Intl.PluralRules(locale);
    this.#numbers = new Intl.NumberFormat(locale);
    this.#time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', ...zone });
    this.#day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', ...zone });
    this.#dayAndYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric', ...zone });
    this.#short = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', ...zone });
    this.#full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'medium', ...zone });
    this.#calendar = new Intl.DateTimeFormat('en', { year: 'numeric', month: 'numeric', day: 'numeric', ...zone });
  }

  /** The text of a key; `count` chooses the plural form. What is put in stays plain text. */
  t = (key: TextKey, params: TextParams = {}): string => {
    const entry = this.#texts[key];
    const text = typeof entry === 'string' ? entry : this.#plural(entry, Number(params['count'] ?? 0));
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = Object.hasOwn(params, name) ? params[name] : undefined;
      return typeof value === 'number' ? this.#numbers.format(value) : (value ?? whole);
    });
  };

  #plural(forms: Readonly<Record<string, string>>, count: number): string {
    return forms[this.#plurals.select(count)] ?? forms['other'] ?? '';
  }

  /** `14:02` */
  time(at: number): string {
    return this.#time.format(at);
  }

  /** `18 November 2026 at 14:02:31`, for a tooltip. */
  full(at: number): string {
    return this.#full.format(at);
  }

  /** A day line: today, yesterday, `Tuesday, 18 November`, with the year when it is another one. */
  day(at: number, now: number): string {
    const days = this.daysBetween(at, now);
    if (days === 0) return this.t('chat.today');
    if (days === 1) return this.t('chat.yesterday');
    const sameYear = this.#civil(at).year === this.#civil(now).year;
    return (sameYear ? this.#day : this.#dayAndYear).format(at);
  }

  /** As short as a list needs: the time today, else the day. */
  brief(at: number, now: number): string {
    return this.daysBetween(at, now) === 0 ? this.time(at) : this.#short.format(at);
  }

  /** `14:02` today, `17 Nov, 14:02` otherwise. */
  moment(at: number, now: number): string {
    return this.daysBetween(at, now) === 0 ? this.time(at) : `${this.#short.format(at)}, ${this.time(at)}`;
  }

  /** How many midnights of the person's calendar lie between two times. */
  daysBetween(earlier: number, later: number): number {
    const [a, b] = [this.#civil(earlier), this.#civil(later)];
    return Math.round((Date.UTC(b.year, b.month - 1, b.day) - Date.UTC(a.year, a.month - 1, a.day)) / 86_400_000);
  }

  #civil(at: number): { year: number; month: number; day: number } {
    const read = new Map(this.#calendar.formatToParts(at).map((part) => [part.type, Number(part.value)]));
    return { year: read.get('year') ?? 0, month: read.get('month') ?? 1, day: read.get('day') ?? 1 };
  }
}
