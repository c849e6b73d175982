// What a catalogue is made of.

/** A text, or its plural forms by the category that Intl.PluralRules names. */
export type Entry = string | { readonly other: string; readonly [form: string]: string };
/** The texts of one part of the screen, a file of each language. */
export type Area = Readonly<Record<string, Entry>>;
/** An area in another language than English. */
export type Said<English extends Area> = Readonly<Record<keyof English, Entry>>;
