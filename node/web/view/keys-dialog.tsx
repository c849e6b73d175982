// `?`: the keys.
import { Button } from './button.tsx';
import { useApp, useWords } from './context.ts';
import { Dialog } from './dialog.tsx';
import { KeyList } from './settings/key-list.tsx';

export function KeysDialog() {
  const { screen } = useApp();
  const { t } = useWords();
  return (
    <Dialog title={t('help.title')} onClose={() => screen.close()}>
      <KeyList />
      <div class="dialog-buttons">
        <Button onClick={() => screen.close()}>{t('settings.close')}</Button>
      </div>
    </Dialog>
  );
}
