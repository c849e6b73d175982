// Where a message is passed on to.
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { chatAddress, chatName } from '../model/chat.ts';
import { matchChats } from '../model/chat-lines.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { ChatAvatar } from './chat-avatar.tsx';
import { useConversing, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { onListKey } from './keys.ts';

export function ForwardDialog({ message }: { readonly message: ShownMessage }) {
  const words = useWords();
  const { chats } = useWorkspace();
  const { talk, actions } = useConversing();
  const typed = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  const matching = matchChats(words, chats.list.value, typed.value).filter((chat) => !chat.person || chat.last);
  return (
    <Dialog title={words.t('forward.title')} onClose={() => talk.close()}>
      <Field
        label={words.t('switch.field')}
        value={typed.value}
        autocomplete="off"
        inputRef={field}
        onInput={(text) => (typed.value = text)}
      />
      <ul class="choice-list scroll" onKeyDown={(event) => onListKey(event, event.currentTarget)}>
        {matching.map((chat) => (
          <li key={chat.id}>
            <button
              type="button"
              class="switch-option"
              onClick={() => {
                talk.close();
                actions.forward(message, chat.id);
                chats.open(chat.id);
              }}
            >
              <ChatAvatar chat={chat} />
              <span dir="auto">{chatName(words, chat)}</span>
              <span class="switch-address">{chatAddress(words, chat)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
