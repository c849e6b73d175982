// Logging out: what goes with it is said before, and what was not sent yet is counted.
import { useState } from 'preact/hooks';
import { Banner } from './banner.tsx';
import { Button } from './button.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Toggle } from './toggle.tsx';

export function LogOutDialog() {
  const { screen, session } = useApp();
  const { connection } = useWorkspace();
  const { t } = useWords();
  const [keeps, setKeeps] = useState(false);
  const queued = connection.queued.value;
  const submit = (event: Event): void => {
    event.preventDefault();
    screen.close();
    void session.logOut({ keepDevice: keeps });
  };
  return (
    <Dialog title={t('logOut.title')} onClose={() => screen.close()}>
      <form onSubmit={submit}>
        <p>{t('logOut.why')}</p>
        <Toggle label={t('logOut.keep')} hint={t('logOut.keepHint')} on={keeps} onChange={setKeeps} />
        {queued > 0 && !keeps && <Banner tone="bad">{t('logOut.queued', { count: queued })}</Banner>}
        <div class="dialog-buttons">
          <Button onClick={() => screen.close()}>{t('settings.cancel')}</Button>
          <Button submit kind={queued > 0 && !keeps ? 'danger' : 'main'}>
            {t('rail.logOut')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
