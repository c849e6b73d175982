// The shape of a catalogue: English has the keys, every language has them all.
import type { en } from './en.ts';

export type TextKey = keyof typeof en;
/** A text, or its plural forms by the category that Intl.PluralRules names. */
export type Entry = string | { readonly other: string; readonly [form: string]: string };
export type Texts = Readonly<Record<TextKey, Entry>>;
