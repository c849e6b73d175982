// The rail: search, conversations, and at the foot what belongs to the person.
import { type Chat, chatAddress, chatName } from '../model/chat.ts';
import { Badge } from './badge.tsx';
import { ChatAvatar } from './chat-avatar.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { Teaching } from './empty-state.tsx';
import { Icon } from './icon.tsx';
import { onListKey } from './keys.ts';
import { LastLine } from './last-line.tsx';
import { RailFoot } from './rail-foot.tsx';

export function Rail() {
  const { screen } = useApp();
  const { t } = useWords();
  return (
    <nav class="rail" aria-label={t('rail.label')}>
      <div class="rail-head">
        <button type="button" class="search-button" onClick={() => screen.open('switch')}>
          <Icon name="search" />
          <span>{t('rail.search')}</span>
          <kbd>Ctrl K</kbd>
        </button>
      </div>
      <ChatList />
      <RailFoot />
    </nav>
  );
}

function ChatList() {
  const { chats } = useWorkspace();
  const list = chats.list.value;
  const current = chats.current.value;
  if (list.length === 0) return <NobodyYet />;
  return (
    <ul class="chat-list" onKeyDown={(event) => onListKey(event, event.currentTarget)}>
      {list.map((chat, index) => (
        <li key={chat.id}>
          <ChatLink
            chat={chat}
            isCurrent={chat.id === current?.id}
            isStop={current ? chat.id === current.id : index === 0}
          />
        </li>
      ))}
    </ul>
  );
}

function NobodyYet() {
  const { chats } = useWorkspace();
  const { t } = useWords();
  if (!chats.loaded.value) return <p class="rail-empty">{t('start.loading')}</p>;
  return (
    <div class="rail-teaching">
      <Teaching />
    </div>
  );
}

interface ChatLinkProps {
  readonly chat: Chat;
  readonly isCurrent: boolean;
  /** The one that Tab reaches; arrows reach the others. */
  readonly isStop: boolean;
}

function ChatLink({ chat, isCurrent, isStop }: ChatLinkProps) {
  const { chats, people } = useWorkspace();
  const words = useWords();
  const name = chatName(words, chat);
  const prepare = (): void => chats.prepare(chat);
  return (
    <a
      class="chat-link"
      href={`#/chat/${chat.id}`}
      tabIndex={isStop ? 0 : -1}
      aria-current={isCurrent ? 'page' : undefined}
      title={`${name}\n${chatAddress(words, chat)}`}
      onPointerEnter={prepare}
      onFocus={prepare}
    >
      <ChatAvatar chat={chat} presence />
      <span class="chat-name" dir="auto">
        {name}
      </span>
      {chat.last && <time class="chat-time">{words.brief(chat.last.at, people.now.value)}</time>}
      <LastLine chat={chat} />
      {chat.unread > 0 && (
        <Badge
          count={chat.unread}
          label={words.t('rail.unread', { count: chat.unread })}
          mentioned={(chat.mentions ?? 0) > 0}
        />
      )}
    </a>
  );
}
