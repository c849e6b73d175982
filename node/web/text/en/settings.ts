// English: what a person sets.
import type { Area } from '../texts.ts';

export const settings = {
  'theme.system': 'Theme: as the system',
  'theme.light': 'Theme: light',
  'theme.dark': 'Theme: dark',
  'theme.contrast': 'Theme: high contrast',

  'language.label': 'Language',
} as const satisfies Area;
