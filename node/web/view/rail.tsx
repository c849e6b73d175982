// The rail: search, conversations, and at the foot what belongs to the person.
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Chat, chatAddress, chatName } from '../model/chat.ts';
import { Badge } from './badge.tsx';
import { ChatAvatar } from './chat-avatar.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { Teaching } from './empty-state.tsx';
import { Icon } from './icon.tsx';
import { keyName } from './key-names.ts';
import { onListKey } from './keys.ts';
import { LastLine } from './last-line.tsx';
import { Menu } from './menu.tsx';
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
          <kbd>{keyName('Ctrl K')}</kbd>
        </button>
      </div>
      <ChatList />
      <RailFoot />
    </nav>
  );
}

function ChatList() {
  const { chats } = useWorkspace();
  const { t } = useWords();
  const list = chats.list.value;
  const current = chats.current.value;
  const box = useRef<HTMLUListElement>(null);
  useBack(box, current?.id);
  if (list.length === 0) return <NobodyYet />;
  return (
    <>
      {!current && <h1 class="hidden">{t('rail.label')}</h1>}
      <ul ref={box} class="chat-list" onKeyDown={(event) => onListKey(event, event.currentTarget)}>
        {list.map((chat, index) => (
          <ChatItem
            key={chat.id}
            chat={chat}
            isCurrent={chat.id === current?.id}
            isStop={current ? chat.id === current.id : index === 0}
          />
        ))}
      </ul>
    </>
  );
}

/** Whoever leaves a conversation stands where it is listed. */
function useBack(box: RefObject<HTMLUListElement | null>, current: string | undefined): void {
  const left = useRef(current);
  useEffect(() => {
    const id = left.current;
    left.current = current;
    if (current !== undefined || id === undefined || document.activeElement !== document.body) return;
    const links = [...(box.current?.querySelectorAll<HTMLElement>('.chat-link') ?? [])];
    (links.find((link) => link.getAttribute('href') === `#/chat/${id}`) ?? links[0])?.focus();
  }, [current]);
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

interface ChatItemProps {
  readonly chat: Chat;
  readonly isCurrent: boolean;
  /** The one that Tab reaches; arrows reach the others. */
  readonly isStop: boolean;
}

/** With what can be done about it: the menu key or Shift+F10, the other button of a mouse, a long press. */
function ChatItem(item: ChatItemProps) {
  const opener = useSignal<HTMLElement | undefined>(undefined);
  const onMenu = (event: MouseEvent): void => {
    event.preventDefault();
    opener.value = event.currentTarget instanceof HTMLElement ? event.currentTarget : undefined;
  };
  return (
    <li>
      <ChatLink {...item} onMenu={onMenu} />
      {opener.value && <ChatMenu chat={item.chat} opener={opener.value} onClose={() => (opener.value = undefined)} />}
    </li>
  );
}

interface ChatMenuProps {
  readonly chat: Chat;
  readonly opener: HTMLElement;
  onClose(): void;
}

function ChatMenu({ chat, opener, onClose }: ChatMenuProps) {
  const { chats } = useWorkspace();
  const words = useWords();
  const isPinned = chat.pin !== undefined;
  const pin = {
    icon: 'pin',
    label: words.t(isPinned ? 'rail.unpin' : 'rail.pin'),
    onChoose: () => chats.setPinned(chat, !isPinned),
  } as const;
  const label = words.t('group.memberActions', { name: chatName(words, chat) });
  return <Menu opener={opener} label={label} items={[pin]} onClose={onClose} />;
}

function ChatLink({ chat, isCurrent, isStop, onMenu }: ChatItemProps & { onMenu(event: MouseEvent): void }) {
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
      onContextMenu={onMenu}
      onPointerEnter={prepare}
      onFocus={prepare}
      onClick={(event) => {
        // another tab or window is the browser's affair
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        chats.open(chat.id);
      }}
    >
      <ChatAvatar chat={chat} presence />
      <span class="chat-name" dir="auto">
        {name}
      </span>
      <span class="chat-time">
        {chat.pin !== undefined && (
          <>
            <Icon name="pin" small />
            <span class="hidden">{words.t('rail.pinned')}</span>
          </>
        )}
        {chat.last && <time>{words.brief(chat.last.at, people.now.value)}</time>}
      </span>
      {chat.person?.department !== undefined && (
        <span class="chat-works" dir="auto">
          {chat.person.department}
        </span>
      )}
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
