// Notifications: asked of the browser when the person wants them, never before.
import { useApp, useWords } from '../context.ts';
import { Toggle } from '../toggle.tsx';

export function NotifyPart() {
  const { notifications } = useApp();
  const { t } = useWords();
  const permission = notifications.permission.value;
  const hint =
    permission === 'unsupported'
      ? t('notify.unsupported')
      : permission === 'denied'
        ? t('notify.denied')
        : t('notify.hint');
  const mayNotify = permission !== 'unsupported' && permission !== 'denied';
  return (
    <div class="settings-group">
      <Toggle
        label={t('notify.label')}
        hint={hint}
        on={mayNotify && notifications.on.value}
        disabled={!mayNotify}
        onChange={(on) => void notifications.set(on)}
      />
      <Toggle
        label={t('notify.text')}
        hint={t('notify.textHint')}
        on={notifications.showsText.value}
        disabled={!mayNotify || !notifications.on.value}
        onChange={(shows) => notifications.setShowsText(shows)}
      />
    </div>
  );
}
