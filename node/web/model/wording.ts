// Words for people: the catalogue of one language with its plural forms, and dates and numbers in its habits.
import type { Language } from '../text/languages.ts';
import type { TextKey, Texts } from '../text/texts.ts';

export type TextParams = Readonly<Record<string, string | number>>;

const MINUTE = 60_000;
/** In minutes. */
const UNITS = [
  ['week', 7 * 24 * 60],
  ['day', 24 * 60],
  ['hour', 60],
] as const;

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
  readonly #list: Intl.ListFormat;

  /** `timeZone` is for tests; people have their own. */
  constructor(language: Language, texts: Texts, timeZone?: string) {
    const zone = timeZone === undefined ? {} : { timeZone };
    const locale = language === 'en' ? 'en-GB' : language;
    this.language = language;
    this.#texts = texts;
    this.#plurals = new Intl.PluralRules(locale);
    this.#numbers = new Intl.NumberFormat(locale);
    this.#time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', ...zone });
    this.#day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', ...zone });
    this.#dayAndYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric', ...zone });
    this.#short = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', ...zone });
    this.#full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'medium', ...zone });
    this.#list = new Intl.ListFormat(locale, { style: 'narrow' });
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

  /** `1 week`, `3 days`, `20 minutes`: the largest unit of which it is a whole number. */
  span(milliseconds: number): string {
    const minutes = Math.max(1, Math.round(milliseconds / MINUTE));
    const [unit, of] = UNITS.find(([, length]) => minutes % length === 0) ?? ['minute', 1];
    const locale = this.language === 'en' ? 'en-GB' : this.language;
    return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(minutes / of);
  }

  /** `A, B and C` */
  list(parts: readonly string[]): string {
    return this.#list.format(parts);
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
