// Theme and language, chosen with one control each.
import { LANGUAGE_NAMES, LANGUAGES } from '../text/languages.ts';
import { useApp, useWords } from './context.ts';
import { Icon, IconButton } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon', contrast: 'contrast' } as const satisfies Record<
  string,
  IconName
>;

export function ThemeButton() {
  const { preferences } = useApp();
  const { t } = useWords();
  const theme = preferences.theme.value;
  return <IconButton icon={THEME_ICONS[theme]} label={t(`theme.${theme}`)} onClick={() => preferences.nextTheme()} />;
}

export function LanguageChoice() {
  const { preferences } = useApp();
  const { t } = useWords();
  return (
    <label class="language" title={t('language.label')}>
      <Icon name="language" />
      <span class="hidden">{t('language.label')}</span>
      <select
        value={preferences.language.value}
        onChange={(event) => {
          const chosen = LANGUAGES.find((language) => language === event.currentTarget.value);
          if (chosen) void preferences.setLanguage(chosen);
        }}
      >
        {LANGUAGES.map((language) => (
          <option key={language} value={language} lang={language}>
            {LANGUAGE_NAMES[language]}
          </option>
        ))}
      </select>
    </label>
  );
}
