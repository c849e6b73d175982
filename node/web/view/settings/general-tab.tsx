// How it looks, speaks and tells, and when it locks. For this browser alone.
import { IDLE_MINUTES, type IdleMinutes } from '../../model/idle-lock.ts';
import { THEMES, type Theme } from '../../model/preferences.ts';
import { LANGUAGE_NAMES, LANGUAGES } from '../../text/languages.ts';
import { useApp, useWords } from '../context.ts';
import { SelectField } from '../select-field.tsx';
import { NotifyPart } from './notify-part.tsx';

const THEME_TEXTS = {
  system: 'settings.themeSystem',
  light: 'settings.themeLight',
  dark: 'settings.themeDark',
  contrast: 'settings.themeContrast',
} as const satisfies Record<Theme, string>;

export function GeneralTab() {
  const { preferences, idle } = useApp();
  const { t } = useWords();
  const minutesOf = (value: string): IdleMinutes => IDLE_MINUTES.find((known) => String(known) === value) ?? 0;
  return (
    <section class="settings-part">
      <SelectField
        label={t('language.label')}
        value={preferences.language.value}
        options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value], lang: value }))}
        onChange={(language) => void preferences.setLanguage(language)}
      />
      <SelectField
        label={t('settings.theme')}
        value={preferences.theme.value}
        options={THEMES.map((value) => ({ value, label: t(THEME_TEXTS[value]) }))}
        onChange={(theme) => preferences.setTheme(theme)}
      />
      <SelectField
        label={t('settings.idle')}
        hint={t('settings.idleHint')}
        value={String(idle.minutes.value)}
        options={IDLE_MINUTES.map((minutes) => ({
          value: String(minutes),
          label: minutes === 0 ? t('settings.idleNever') : t('settings.idleMinutes', { count: minutes }),
        }))}
        onChange={(value) => idle.setMinutes(minutesOf(value))}
      />
      <NotifyPart />
    </section>
  );
}
