// The shape of a catalogue: English has the keys, every language has them all.
import type { en } from './en.ts';
import type { Entry } from './entry.ts';

export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, Entry>>;
