// The password let the person in and does not unlock the keys: somebody else may have set it. A new one is the safer way out.
import { failureText } from '../model/failure-text.ts';
import { Button } from './button.tsx';
import { useApp, useWords } from './context.ts';
import { EntrancePage } from './entrance-page.tsx';

export function UnprovenPage() {
  const { session } = useApp();
  const words = useWords();
  const { t } = words;
  const failure = session.failure.value;
  const submit = (event: Event): void => {
    event.preventDefault();
    session.chooseAnother();
  };
  return (
    <EntrancePage
      title={t('unproven.title')}
      lead={t('unproven.why')}
      submit={t('unproven.choose')}
      onSubmit={submit}
      otherwise={
        <Button disabled={session.busy.value} onClick={() => void session.acceptPassword()}>
          {t('unproven.accept')}
        </Button>
      }
    >
      {failure && (
        <p class="note note-bad" role="alert">
          {failureText(words, failure)}
        </p>
      )}
    </EntrancePage>
  );
}
