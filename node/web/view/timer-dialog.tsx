// After which time messages of a conversation disappear.
import { useSignal } from '@preact/signals';
import type { Chat } from '../model/chat.ts';
import { timerChoices, timerText } from '../model/timer-choices.ts';
import { Button } from './button.tsx';
import { useConversing, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { SelectField } from './select-field.tsx';

export function TimerDialog({ chat }: { readonly chat: Chat }) {
  const words = useWords();
  const { t } = words;
  const { talk, actions } = useConversing();
  const { chats } = useWorkspace();
  const now = chats.timelineOf(chat).view.value.timer;
  const chosen = useSignal(now);
  const submit = (event: Event): void => {
    event.preventDefault();
    talk.close();
    if (chosen.value !== now) actions.setTimer(chat, chosen.value);
  };
  return (
    <Dialog title={t('timer.title')} onClose={() => talk.close()}>
      <form onSubmit={submit} noValidate>
        <SelectField
          label={t('timer.field')}
          value={String(chosen.value)}
          options={timerChoices(now).map((timer) => ({ value: String(timer), label: timerText(words, timer) }))}
          onChange={(value) => (chosen.value = Number(value))}
        />
        <p>{t('timer.why')}</p>
        <p class="note">{t('timer.limits')}</p>
        <div class="dialog-buttons">
          <Button onClick={() => talk.close()}>{t('dialog.cancel')}</Button>
          <Button kind="main" submit>
            {t('timer.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
