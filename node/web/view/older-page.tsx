// The branch's server shows older keys than this browser knows, or others, and no other device has given the newer ones back: what can be
// waited for, what it costs not to wait, and the recovery key that shows whose decision it is.
import { useEffect, useRef, useState } from 'preact/hooks';
import { failureText } from '../model/failure-text.ts';
import { useApp, useWords } from './context.ts';
import { EntrancePage } from './entrance-page.tsx';
import { Field } from './field.tsx';

export function OlderPage() {
  const { session } = useApp();
  const words = useWords();
  const { t } = words;
  // what brought the person here; what follows is about what they type
  const [why] = useState(session.failure.value);
  const [key, setKey] = useState('');
  const [isMissing, setMissing] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  const submit = (event: Event): void => {
    event.preventDefault();
    setMissing(key.trim() === '');
    if (key.trim() === '') field.current?.focus();
    else void session.goOnFromOlder(key);
  };
  const failure = session.failure.value === why ? undefined : session.failure.value;
  return (
    <EntrancePage
      title={t('older.title')}
      lead={why && failureText(words, why)}
      submit={t(session.busy.value ? 'older.going' : 'older.submit')}
      onSubmit={submit}
      otherwise={
        <button
          type="button"
          class="button"
          disabled={session.busy.value}
          onClick={() => void session.logOut({ keepDevice: true })}
        >
          {t('older.wait')}
        </button>
      }
    >
      <p class="note">{t('older.cost')}</p>
      <Field
        label={t('locked.key')}
        name="recovery-key"
        autocomplete="off"
        value={key}
        disabled={session.busy.value}
        hint={t('locked.keyHint')}
        error={isMissing ? t('locked.noKey') : failure && failureText(words, failure)}
        inputRef={field}
        onInput={setKey}
      />
    </EntrancePage>
  );
}
