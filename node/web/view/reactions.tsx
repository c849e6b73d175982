// What people added to a message; pressing one adds the own, or takes it back.

import type { Chat } from '../model/chat.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { useConversing, useWords } from './context.ts';
import { useNames } from './names.ts';

export function Reactions({ message, chat }: { readonly message: ShownMessage; readonly chat: Chat }) {
  const { actions } = useConversing();
  const words = useWords();
  const nameOf = useNames();
  return (
    <ul class="reactions" aria-label={words.t('message.reactions')}>
      {message.reactions.map(({ emoji, users, mine }) => {
        const names = words.list(users.map(nameOf));
        return (
          <li key={emoji}>
            <button
              type="button"
              class={mine ? 'reaction reaction-mine' : 'reaction'}
              aria-pressed={mine}
              title={names}
              onClick={() => actions.react(chat, message, emoji)}
            >
              <span>{emoji}</span> <span>{users.length}</span>
              <span class="hidden"> {names}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
