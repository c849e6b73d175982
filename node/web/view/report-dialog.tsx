// What a report of a message proves and holds, before it is saved: it goes to nobody but this person's downloads.
import { useSignal } from '@preact/signals';
import type { Chat } from '../model/chat.ts';
import { type Failure, failureOf, failureText } from '../model/failure-text.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { Button } from './button.tsx';
import { useConversing, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';

const ENDING = '.canopy-evidence';

export function ReportDialog({ message, chat }: { readonly message: ShownMessage; readonly chat: Chat }) {
  const words = useWords();
  const { t } = words;
  const { talk, evidence } = useConversing();
  const { files } = useWorkspace();
  const isWorking = useSignal(false);
  const failure = useSignal<Failure | undefined>(undefined);
  const save = async (): Promise<void> => {
    isWorking.value = true;
    failure.value = undefined;
    try {
      files.shown.saveBytes(`message-${message.id.slice(0, 8)}${ENDING}`, await evidence(chat, message));
      talk.close();
    } catch (error) {
      failure.value = failureOf(error);
    }
    isWorking.value = false;
  };
  return (
    <Dialog title={t('report.title')} onClose={() => talk.close()}>
      <p>{t('report.proves')}</p>
      <p>{t('report.holds')}</p>
      <p>{t('report.limits')}</p>
      <p class="note">{t('report.private')}</p>
      {failure.value && (
        <p class="note note-bad" role="alert">
          {failureText(words, failure.value)}
        </p>
      )}
      <div class="dialog-buttons">
        <Button onClick={() => talk.close()}>{t('dialog.cancel')}</Button>
        <Button kind="main" disabled={isWorking.value} onClick={() => void save()}>
          {t(isWorking.value ? 'group.working' : 'report.save')}
        </Button>
      </div>
    </Dialog>
  );
}
