// Who has read a message of a group, who has it, and who not yet.
import type { Chat } from '../model/chat.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { useWords, useWorkspace } from './context.ts';
import { Avatar } from './person.tsx';

export function ReadersView({ message, chat }: { readonly message: ShownMessage; readonly chat: Chat }) {
  const { people } = useWorkspace();
  const words = useWords();
  const now = people.now.value;
  return (
    <>
      <p class="route-path">{words.t('message.readers')}</p>
      <ul class="readers" data-first tabIndex={0} aria-label={words.t('message.readers')}>
        {chat.people.map((user) => {
          const { readAt, deliveredAt, failed } = message.readers.get(user.id) ?? {};
          const at = readAt ?? deliveredAt;
          const state = failed
            ? 'state.failed'
            : readAt
              ? 'state.read'
              : deliveredAt
                ? 'state.delivered'
                : 'message.notYet';
          return (
            <li key={user.id} title={user.address}>
              <Avatar user={user} />
              <span dir="auto">{user.name}</span>
              <span class="note">
                {words.t(state)}
                {at !== undefined && ` · ${words.moment(at, now)}`}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
