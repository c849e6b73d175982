// English: groups and news.
import type { Area } from '../texts.ts';

export const group = {} as const satisfies Area;
