// English: files.
import type { Area } from '../texts.ts';

export const file = {} as const satisfies Area;
