// After a reset of the password: the recovery key opens what was written before, or new keys begin and it is given up.
import { useEffect, useRef, useState } from 'preact/hooks';
import { failureText } from '../model/failure-text.ts';
import { useApp, useWords } from './context.ts';
import { Dialog } from './dialog.tsx';
import { EntrancePage } from './entrance-page.tsx';
import { Field } from './field.tsx';

export function LockedPage() {
  const { session } = useApp();
  const words = useWords();
  const { t } = words;
  const [key, setKey] = useState('');
  const [isMissing, setMissing] = useState(false);
  const [isGivingUp, setGivingUp] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  const submit = (event: Event): void => {
    event.preventDefault();
    setMissing(key.trim() === '');
    if (key.trim() === '') field.current?.focus();
    else void session.recover(key);
  };
  const failure = session.failure.value;
  return (
    <>
      <EntrancePage
        title={t('locked.title')}
        lead={t('locked.why')}
        submit={t(session.busy.value ? 'locked.unlocking' : 'locked.submit')}
        onSubmit={submit}
        otherwise={
          <button type="button" class="button" disabled={session.busy.value} onClick={() => setGivingUp(true)}>
            {t('locked.anew')}
          </button>
        }
      >
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
      {isGivingUp && <GiveUpDialog onClose={() => setGivingUp(false)} />}
    </>
  );
}

function GiveUpDialog({ onClose }: { readonly onClose: () => void }) {
  const { session } = useApp();
  const { t } = useWords();
  const begin = (): void => {
    onClose();
    void session.beginAnew();
  };
  return (
    <Dialog title={t('locked.anewTitle')} onClose={onClose}>
      <p>{t('locked.anewWhy')}</p>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose}>
          {t('locked.anewCancel')}
        </button>
        <button type="button" class="button button-main" onClick={begin}>
          {t('locked.anewSubmit')}
        </button>
      </div>
    </Dialog>
  );
}
