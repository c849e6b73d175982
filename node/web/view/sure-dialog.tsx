// Asks before something is lost: leaving a group, deleting a history, removing or blocking a contact.
import { useSignal } from '@preact/signals';
import { type Chat, chatName } from '../model/chat.ts';
import { type Failure, failureOf } from '../model/failure-text.ts';
import { groupFailure } from '../model/group-failure.ts';
import type { TextKey } from '../text/texts.ts';
import { Button } from './button.tsx';
import { useConversing, useWords } from './context.ts';
import { Dialog } from './dialog.tsx';

type Kind = 'leave' | 'clear' | 'remove' | 'block';

const TEXTS: Readonly<Record<Kind, { readonly title: TextKey; readonly why: TextKey; readonly submit: TextKey }>> = {
  leave: { title: 'group.leaveTitle', why: 'group.leaveWhy', submit: 'group.leave' },
  clear: { title: 'contact.clearTitle', why: 'contact.clearWhy', submit: 'contact.clearSubmit' },
  remove: { title: 'contact.removeTitle', why: 'contact.removeWhy', submit: 'contact.removeSubmit' },
  block: { title: 'contact.blockTitle', why: 'contact.blockWhy', submit: 'contact.block' },
};

export function SureDialog({ kind, chat }: { readonly kind: Kind; readonly chat: Chat }) {
  const words = useWords();
  const { talk } = useConversing();
  const act = useAct(kind, chat);
  const isWorking = useSignal(false);
  const failure = useSignal<Failure | undefined>(undefined);
  const name = chatName(words, chat);
  const { title, why, submit } = TEXTS[kind];
  const go = async (): Promise<void> => {
    isWorking.value = true;
    failure.value = undefined;
    try {
      await act();
      talk.close();
    } catch (error) {
      failure.value = failureOf(error);
    }
    isWorking.value = false;
  };
  return (
    <Dialog title={words.t(title, { name })} onClose={() => talk.close()}>
      <p dir="auto">{words.t(why, { name })}</p>
      {failure.value && (
        <p class="note note-bad" role="alert">
          {groupFailure(words, failure.value)}
        </p>
      )}
      <div class="dialog-buttons">
        <Button onClick={() => talk.close()}>{words.t('dialog.cancel')}</Button>
        <Button kind="danger" disabled={isWorking.value} onClick={() => void go()}>
          {words.t(isWorking.value ? 'group.working' : submit)}
        </Button>
      </div>
    </Dialog>
  );
}

function useAct(kind: Kind, chat: Chat): () => Promise<unknown> {
  const { contacts, groups } = useConversing();
  switch (kind) {
    case 'leave':
      return () => groups.leave(chat.id);
    case 'clear':
      return () => contacts.clear(chat);
    case 'remove':
      return () => contacts.remove(chat);
    case 'block':
      return async () => chat.person && contacts.block(chat.person);
  }
}
