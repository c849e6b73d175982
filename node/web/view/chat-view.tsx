// One conversation: who it is with, what was said, what to say.
import type { Chat } from '../model/chats.ts';
import { Composer } from './composer.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { IconButton } from './icon.tsx';
import { Avatar, PresenceText } from './person.tsx';
import { TimelineView } from './timeline-view.tsx';

export function ChatView({ chat }: { readonly chat: Chat }) {
  return (
    <main class="chat">
      <ChatHead chat={chat} />
      <TimelineView chat={chat} />
      <Composer chat={chat} />
    </main>
  );
}

function ChatHead({ chat: { person } }: { readonly chat: Chat }) {
  const { screen } = useApp();
  const { chats } = useWorkspace();
  const { t } = useWords();
  return (
    <header class="chat-head">
      <IconButton
        icon="back"
        label={t('chat.back')}
        keys="Esc"
        class="back-button"
        onClick={() => chats.open(undefined)}
      />
      <Avatar user={person} presence />
      <div class="chat-who" title={`${person.name}\n${person.address}`}>
        <h1 dir="auto">{person.name}</h1>
        <p>
          <span class="chat-address">{person.address}</span>
          <PresenceText user={person} />
        </p>
      </div>
      <IconButton
        icon="info"
        label={t('chat.details')}
        pressed={screen.details.value}
        onClick={() => (screen.details.value = !screen.details.value)}
      />
    </header>
  );
}
