// Russian: what a person sets.
import type { settings as english } from '../en/settings.ts';
import type { Said } from '../texts.ts';

export const settings: Said<typeof english> = {
  'theme.system': 'Тема: как в системе',
  'theme.light': 'Тема: светлая',
  'theme.dark': 'Тема: тёмная',
  'theme.contrast': 'Тема: высокая контрастность',

  'language.label': 'Язык',
};
