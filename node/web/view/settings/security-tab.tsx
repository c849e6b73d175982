// The recovery key and the password.
import { failureText } from '../../model/failure-text.ts';
import { Banner } from '../banner.tsx';
import { Button } from '../button.tsx';
import { useWords, useWorkspace } from '../context.ts';
import { RecoveryKey } from '../recovery-key.tsx';
import { PasswordForm } from './password-form.tsx';

export function SecurityTab() {
  const { account } = useWorkspace();
  const { t } = useWords();
  return (
    <section class="settings-part">
      {account.isUnproven.value && <Banner tone="warn">{t('unproven.why')}</Banner>}
      <h3>{t('locked.key')}</h3>
      <RecoveryPart />
      <h3>{t('security.password')}</h3>
      <PasswordForm />
    </section>
  );
}

function RecoveryPart() {
  const { account } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const text = account.recoveryKey.value;
  const failure = account.making.failure.value;
  if (text !== undefined) {
    return (
      <>
        <p class="lead">{t('recovery.why')}</p>
        <RecoveryKey text={text} address={account.me.value.address} />
        <Button kind="main" onClick={() => account.forgetRecoveryKey()}>
          {t('recovery.kept')}
        </Button>
      </>
    );
  }
  const isThere = account.hasRecoveryKey.value;
  return (
    <>
      {isThere ? <p class="lead">{t('recovery.there')}</p> : <Banner tone="warn">{t('recovery.none')}</Banner>}
      {failure && <Banner tone="bad">{failureText(words, failure)}</Banner>}
      <Button icon="key" disabled={account.making.busy.value} onClick={() => void account.makeRecoveryKey()}>
        {t(account.making.busy.value ? 'recovery.making' : isThere ? 'recovery.renew' : 'recovery.make')}
      </Button>
    </>
  );
}
