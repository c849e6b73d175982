// Another name for a group.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import { MAX_GROUP_NAME } from '../model/message-length.ts';
import { Button } from './button.tsx';
import { useConversing, useWords } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';

export function RenameDialog({ chat }: { readonly chat: Chat }) {
  const { t } = useWords();
  const { talk, actions } = useConversing();
  const name = useSignal(chat.title ?? '');
  const field = useRef<HTMLInputElement>(null);
  const isLong = new TextEncoder().encode(name.value.trim()).length > MAX_GROUP_NAME;
  useEffect(() => field.current?.select(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (name.value.trim() === '' || isLong) return;
    talk.close();
    actions.rename(chat, name.value.trim());
  };
  return (
    <Dialog title={t('group.renameTitle')} onClose={() => talk.close()}>
      <form onSubmit={submit} noValidate>
        <Field
          label={t('group.name')}
          value={name.value}
          autocomplete="off"
          error={isLong ? t('group.nameLong') : undefined}
          inputRef={field}
          onInput={(text) => (name.value = text)}
        />
        <div class="dialog-buttons">
          <Button onClick={() => talk.close()}>{t('dialog.cancel')}</Button>
          <Button kind="main" submit disabled={name.value.trim() === '' || isLong}>
            {t('group.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
