// Ukrainian: what a person sets.
import type { settings as english } from '../en/settings.ts';
import type { Said } from '../texts.ts';

export const settings: Said<typeof english> = {
  'theme.system': 'Тема: як у системі',
  'theme.light': 'Тема: світла',
  'theme.dark': 'Тема: темна',
  'theme.contrast': 'Тема: висока контрастність',

  'language.label': 'Мова',
};
