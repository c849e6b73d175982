// The rail: search, conversations, and at the foot what belongs to the person.
import { chatLine } from '../model/chat-lines.ts';
import type { Chat } from '../model/chats.ts';
import { problemText } from '../model/problem-text.ts';
import { saidAt } from '../model/rows.ts';
import { LanguageChoice, ThemeButton } from './choices.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { DeliveryMark } from './delivery-mark.tsx';
import { Teaching } from './empty-state.tsx';
import { Icon, IconButton } from './icon.tsx';
import { onListKey } from './keys.ts';
import { Avatar } from './person.tsx';

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
  const { people } = useWorkspace();
  const words = useWords();
  return (
    <a
      class="chat-link"
      href={`#/chat/${chat.id}`}
      tabIndex={isStop ? 0 : -1}
      aria-current={isCurrent ? 'page' : undefined}
      title={`${chat.person.name}\n${chat.person.address}`}
    >
      <Avatar user={chat.person} presence />
      <span class="chat-name" dir="auto">
        {chat.person.name}
      </span>
      {chat.last && <time class="chat-time">{words.brief(saidAt(chat.last), people.now.value)}</time>}
      <LastLine chat={chat} />
      {chat.unread > 0 && (
        <span class="badge">
          <span aria-hidden="true">{chat.unread > 99 ? '99+' : chat.unread}</span>
          <span class="hidden">{words.t('rail.unread', { count: chat.unread })}</span>
        </span>
      )}
    </a>
  );
}

function LastLine({ chat }: { readonly chat: Chat }) {
  const { drafts, people, chats } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const isOpen = chats.current.value?.id === chat.id;
  const line = chatLine(chat, isOpen ? '' : drafts.of(chat.id).value, people.presenceOf(chat.person).value.typing);
  switch (line.kind) {
    case 'typing':
      return <span class="chat-line chat-line-typing">{t('presence.typing')}</span>;
    case 'draft':
      return (
        <span class="chat-line">
          <span class="chat-line-draft">{t('rail.draft')}</span> {line.text}
        </span>
      );
    case 'unreadable':
      return <span class="chat-line">{problemText(words, line.problem)}</span>;
    case 'address':
      return <span class="chat-line">{line.text}</span>;
    case 'message':
      return (
        <span class="chat-line" dir="auto">
          {line.mine && chat.last && <DeliveryMark state={chat.last.state} />}
          {line.text}
        </span>
      );
  }
}

function RailFoot() {
  const { screen, session } = useApp();
  const { me } = useWorkspace();
  const { t } = useWords();
  return (
    <div class="rail-foot">
      <IconButton icon="plus" label={t('rail.add')} class="icon-button-main" onClick={() => screen.open('add')} />
      <span class="rail-me" title={t('rail.loggedInAs', { address: me.address })}>
        <span class="rail-me-name" dir="auto">
          {me.name}
        </span>
        <span class="rail-me-address">{me.address}</span>
      </span>
      <LanguageChoice />
      <ThemeButton />
      <IconButton icon="leave" label={t('rail.logOut')} onClick={() => void session.logOut()} />
    </div>
  );
}
