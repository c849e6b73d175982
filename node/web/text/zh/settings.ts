// Chinese: what a person sets.
import type { settings as english } from '../en/settings.ts';
import type { Said } from '../texts.ts';

export const settings: Said<typeof english> = {
  'theme.system': '主题：跟随系统',
  'theme.light': '主题：浅色',
  'theme.dark': '主题：深色',
  'theme.contrast': '主题：高对比度',

  'language.label': '语言',
};
