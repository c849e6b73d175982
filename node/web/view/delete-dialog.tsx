// Whether a message goes for everybody or for oneself.
import type { Chat } from '../model/chat.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { rightsOf } from './beside-message.tsx';
import { Button } from './button.tsx';
import { useConversing, useWords } from './context.ts';
import { Dialog } from './dialog.tsx';

export function DeleteDialog({ message, chat }: { readonly message: ShownMessage; readonly chat: Chat }) {
  const { t } = useWords();
  const { talk, actions, members } = useConversing();
  const may = rightsOf(chat, message, members);
  const choose = (act: () => void) => () => {
    talk.close();
    act();
  };
  return (
    <Dialog title={t('delete.title')} onClose={() => talk.close()}>
      <p>{t('delete.why')}</p>
      <div class="dialog-buttons">
        <Button onClick={() => talk.close()}>{t('dialog.cancel')}</Button>
        <Button onClick={choose(() => actions.deleteForMe(chat, message))}>{t('delete.forMe')}</Button>
        {may.deleteForAll && (
          <Button kind="danger" onClick={choose(() => actions.deleteForAll(chat, message))}>
            {t('delete.forAll')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
