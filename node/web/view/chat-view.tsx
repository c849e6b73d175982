// One conversation: who it is with, what was said, what to say.
import { useMemo } from 'preact/hooks';
import { type Chat, chatAddress, chatName } from '../model/chat.ts';
import { BesideMessageView } from './beside-message.tsx';
import { ChatAvatar } from './chat-avatar.tsx';
import { Composer } from './composer.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { FileViewer } from './file-viewer.tsx';
import { IconButton } from './icon.tsx';
import { IdentityBanner } from './identity-parts.tsx';
import { PresenceText } from './person.tsx';
import { PinnedBar } from './pinned-bar.tsx';
import { Stage, StageContext } from './stage.ts';
import { TimelineView } from './timeline-view.tsx';

/** What is said changes the conversation many times a second; who it is with does not, and nothing else is drawn here. */
function useSteady(chat: Chat): Chat {
  return useMemo(() => chat, [chat.id, chat.title, chat.picture, chat.person, chat.people]);
}

export function ChatView({ chat: now }: { readonly chat: Chat }) {
  const { chats, conversing } = useWorkspace();
  const chat = useSteady(now);
  const stage = useMemo(() => {
    const now = (): Chat => chats.list.peek().find(({ id }) => id === chat.id) ?? chat;
    return new Stage(now, chats.timelineOf(chat), conversing.composingOf(chat));
  }, [chat.id]);
  return (
    <StageContext.Provider value={stage}>
      <main class="chat">
        <ChatHead chat={chat} />
        {chat.person && <IdentityBanner person={chat.person} />}
        <PinnedBar />
        <TimelineView chat={chat} />
        <Composer />
        <BesideMessageView />
        <FileViewer timeline={stage.timeline} />
      </main>
    </StageContext.Provider>
  );
}

function ChatHead({ chat }: { readonly chat: Chat }) {
  const { screen } = useApp();
  const { chats } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const name = chatName(words, chat);
  return (
    <header class="chat-head">
      <IconButton
        icon="back"
        label={t('chat.back')}
        keys="Esc"
        class="back-button"
        onClick={() => chats.open(undefined)}
      />
      <ChatAvatar chat={chat} presence />
      <div class="chat-who" title={`${name}\n${chatAddress(words, chat)}`}>
        <h1 dir="auto">{name}</h1>
        <p>
          <span class="chat-address">{chatAddress(words, chat)}</span>
          {chat.person ? <PresenceText user={chat.person} /> : <GroupTyping chat={chat} />}
        </p>
      </div>
      <IconButton icon="search" label={t('search.in')} keys="Ctrl F" onClick={() => screen.openSearch(chat.id)} />
      <IconButton
        icon="info"
        label={t('chat.details')}
        pressed={screen.details.value}
        onClick={() => (screen.details.value = !screen.details.value)}
      />
    </header>
  );
}

function GroupTyping({ chat }: { readonly chat: Chat }) {
  const { people } = useWorkspace();
  const words = useWords();
  const who = people.typingIn(chat.id).value;
  if (who.length === 0) return null;
  const names = words.list(who.map(({ name }) => name));
  return <span class="presence presence-there">{words.t('group.typing', { names, count: who.length })}</span>;
}
