// After the first password: the recovery key, shown once, printed or written down.
import { useState } from 'preact/hooks';
import { failureText } from '../model/failure-text.ts';
import type { OwnAccount } from '../model/own-account.ts';
import { Button } from './button.tsx';
import { useApp, useWords } from './context.ts';
import { EntrancePage } from './entrance-page.tsx';
import { RecoveryKey } from './recovery-key.tsx';

export function RecoveryPage({ account }: { readonly account: OwnAccount }) {
  const { session } = useApp();
  const words = useWords();
  const { t } = words;
  const [isKept, setKept] = useState(false);
  const text = account.recoveryKey.value;
  const failure = account.making.failure.value;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text === undefined) return void account.makeRecoveryKey();
    account.forgetRecoveryKey();
    session.goOn();
  };
  const busy = account.making.busy.value;
  return (
    <EntrancePage
      title={t('recovery.title')}
      lead={t('recovery.why')}
      submit={t(busy ? 'recovery.making' : text === undefined ? 'recovery.make' : 'recovery.done')}
      disabled={busy || (text !== undefined && !isKept)}
      onSubmit={submit}
      otherwise={
        text === undefined && (
          <div class="otherwise">
            <Button disabled={busy} onClick={() => session.goOn()}>
              {t('recovery.later')}
            </Button>
            <p class="note">{t('recovery.laterWhy')}</p>
          </div>
        )
      }
    >
      {failure && <p class="note note-bad">{failureText(words, failure)}</p>}
      {text !== undefined && (
        <>
          <RecoveryKey text={text} address={account.me.value.address} />
          <label class="tick">
            <input type="checkbox" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />
            <span>{t('recovery.kept')}</span>
          </label>
        </>
      )}
    </EntrancePage>
  );
}
