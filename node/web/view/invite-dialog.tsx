// More people for a group.
import { useSignal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import type { Chat } from '../model/chat.ts';
import { type Failure, failureOf } from '../model/failure-text.ts';
import { groupFailure } from '../model/group-failure.ts';
import { Button } from './button.tsx';
import { useConversing, useWords } from './context.ts';
import { Dialog } from './dialog.tsx';
import { PeoplePicker } from './people-picker.tsx';

export function InviteDialog({ chat }: { readonly chat: Chat }) {
  const words = useWords();
  const { t } = words;
  const { talk, groups, members } = useConversing();
  const chosen = useSignal<readonly User[]>([]);
  const isWorking = useSignal(false);
  const failure = useSignal<Failure | undefined>(undefined);
  const inIt = (members.of(chat.id).value?.members ?? []).map(({ user }) => ({ id: user }));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (chosen.value.length === 0 || isWorking.value) return;
    isWorking.value = true;
    try {
      await groups.invite(
        chat.id,
        chosen.value.map(({ id }) => id),
      );
      talk.close();
    } catch (error) {
      failure.value = failureOf(error);
    }
    isWorking.value = false;
  };
  return (
    <Dialog title={t('group.invite')} onClose={() => talk.close()}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <PeoplePicker chosen={chosen} without={inIt} />
        {failure.value && (
          <p class="note note-bad" role="alert">
            {groupFailure(words, failure.value)}
          </p>
        )}
        <div class="dialog-buttons">
          <Button onClick={() => talk.close()}>{t('dialog.cancel')}</Button>
          <Button kind="main" submit disabled={isWorking.value || chosen.value.length === 0}>
            {t(isWorking.value ? 'group.working' : 'group.inviteSubmit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
