// Russian: groups and news.
import type { group as english } from '../en/group.ts';
import type { Said } from '../texts.ts';

export const group: Said<typeof english> = {};
