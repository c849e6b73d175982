// The foot of the rail: a new conversation, who is logged in here, the settings, the theme.
import { ThemeButton } from './choices.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { IconButton } from './icon.tsx';

export function RailFoot() {
  const { screen } = useApp();
  const { account } = useWorkspace();
  const { t } = useWords();
  const me = account.me.value;
  return (
    <div class="rail-foot">
      <IconButton icon="plus" label={t('rail.add')} class="icon-button-main" onClick={() => screen.open('add')} />
      <span class="rail-me" title={t('rail.loggedInAs', { address: me.address })}>
        <span class="rail-me-name" dir="auto">
          {me.name}
        </span>
        <span class="rail-me-address">{me.address}</span>
      </span>
      <ThemeButton />
      <IconButton icon="gear" label={t('settings.title')} onClick={() => screen.open('settings')} />
    </div>
  );
}
