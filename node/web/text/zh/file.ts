// Chinese: files.
import type { file as english } from '../en/file.ts';
import type { Said } from '../texts.ts';

export const file: Said<typeof english> = {};
