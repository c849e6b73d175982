// The end of a profile: the username is typed, so that no click does it.
import { useRef, useState } from 'preact/hooks';
import { failureText } from '../../model/failure-text.ts';
import { Button } from '../button.tsx';
import { useApp, useWords, useWorkspace } from '../context.ts';
import { Dialog } from '../dialog.tsx';
import { Field } from '../field.tsx';

export function DeleteProfileDialog({ onClose }: { readonly onClose: () => void }) {
  const { session } = useApp();
  const { account } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const [typed, setTyped] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const { address } = account.me.value;
  const isSure = typed.trim() === address.slice(0, address.indexOf('@'));
  const failure = account.leaving.failure.value;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isSure && (await account.deleteProfile())) await session.ended();
  };
  const why = failure?.code === 'login-again' ? t('error.freshLogin') : failure && failureText(words, failure);
  return (
    <Dialog title={t('profile.deleteTitle')} onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <p>{t('profile.deleteWhy', { address })}</p>
        <Field
          label={t('profile.deleteType')}
          value={typed}
          autocomplete="off"
          error={why}
          inputRef={field}
          onInput={setTyped}
        />
        <div class="dialog-buttons">
          <Button onClick={onClose}>{t('settings.cancel')}</Button>
          <Button submit kind="danger" disabled={!isSure || account.leaving.busy.value}>
            {t('profile.delete')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
