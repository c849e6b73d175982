// Canopy is open in another tab of this browser.
import { useApp, useWords } from './context.ts';
import { EntrancePage } from './entrance-page.tsx';

export function ElsewherePage() {
  const { session } = useApp();
  const { t } = useWords();
  const submit = (event: Event): void => {
    event.preventDefault();
    void session.openHere();
  };
  return (
    <EntrancePage
      title={t('elsewhere.title')}
      lead={t('elsewhere.why')}
      submit={t('elsewhere.submit')}
      onSubmit={submit}
    />
  );
}
