// `?`: the keys.
import { useApp, useWords } from './context.ts';
import { Dialog } from './dialog.tsx';
import { IconButton } from './icon.tsx';
import { KeyList } from './settings/key-list.tsx';

export function KeysDialog() {
  const { screen } = useApp();
  const { t } = useWords();
  return (
    <Dialog title={t('help.title')} class="dialog-keys" onClose={() => screen.close()}>
      <IconButton
        icon="close"
        label={t('settings.close')}
        keys="Esc"
        class="dialog-close"
        onClick={() => screen.close()}
      />
      <KeyList />
    </Dialog>
  );
}
