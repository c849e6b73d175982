// Ctrl+K: type a few letters, Enter goes there, to a conversation or to what was said in one. A combobox with a listbox, after the
// ARIA practices. Opened from a conversation it looks in that one alone.
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import type { SearchHit } from '../../../src/client/client.ts';
import { type Chat, chatAddress, chatName } from '../model/chat.ts';
import { matchChats, oneLine } from '../model/chat-lines.ts';
import { ChatAvatar } from './chat-avatar.tsx';
import { useApp, useConversing, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { useNames } from './names.ts';

/** Conversations that are listed above the messages. */
const MOST_CHATS = 8;

type Found = { readonly kind: 'chat'; readonly chat: Chat } | { readonly kind: 'hit'; readonly hit: SearchHit };

export function SwitchDialog() {
  const { screen } = useApp();
  const { chats } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const within = chats.list.value.find(({ id }) => id === screen.searchIn.value);
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const search = useMessages();
  const matching = within ? [] : matchChats(words, chats.list.value, typed);
  const hits = search.hits.value;
  const listed = hits.length > 0 || search.isLooking.value ? matching.slice(0, MOST_CHATS) : matching;
  const found: readonly Found[] = [
    ...listed.map((chat) => ({ kind: 'chat', chat }) as const),
    ...hits.map((hit) => ({ kind: 'hit', hit }) as const),
  ];
  const go = (one: Found | undefined): void => {
    if (!one) return;
    screen.close();
    if (one.kind === 'chat') chats.open(one.chat.id);
    else chats.openAt(one.hit.conversation, one.hit.id);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && found.length > 0) setAt((at + step + found.length) % found.length);
    else if (event.key === 'Enter') go(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t(within ? 'search.in' : 'switch.title')} class="switcher" onClose={() => screen.close()}>
      <SwitchField
        label={t(within ? 'search.field' : 'switch.field')}
        listId={id}
        active={found[at] && `${id}-${at}`}
        value={typed}
        onKey={onKey}
        onInput={(text) => {
          setTyped(text);
          setAt(0);
          search.type(text, within?.id);
        }}
      />
      <ul id={id} role="listbox" class="switch-list" aria-label={t(within ? 'search.messages' : 'rail.label')}>
        {found.map((one, index) => (
          <Option
            key={one.kind === 'chat' ? one.chat.id : `${one.hit.conversation} ${one.hit.place}`}
            id={`${id}-${index}`}
            found={one}
            selected={index === at}
            onChoose={() => go(one)}
          />
        ))}
      </ul>
      {search.isMore.value && (
        <button type="button" class="text-button" onClick={() => void search.more(within?.id)}>
          {t('search.more')}
        </button>
      )}
      <p class="note" role="status">
        {search.isLooking.value
          ? t('search.looking')
          : found.length === 0 && typed !== '' && t(within ? 'search.none' : 'switch.none')}
      </p>
    </Dialog>
  );
}

function useMessages() {
  const conversing = useConversing();
  const search = useMemo(() => conversing.newMessageSearch(), []);
  useEffect(() => () => search.stop(), []);
  return search;
}

interface SwitchFieldProps {
  readonly label: string;
  readonly listId: string;
  readonly active: string | undefined;
  readonly value: string;
  onKey(event: KeyboardEvent): void;
  onInput(text: string): void;
}

function SwitchField({ label, listId, active, value, onKey, onInput }: SwitchFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <div class="field-box">
      <Icon name="search" />
      <input
        ref={field}
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={listId}
        aria-autocomplete="list"
        {...(active === undefined ? {} : { 'aria-activedescendant': active })}
        autocomplete="off"
        spellcheck={false}
        placeholder={label}
        value={value}
        onKeyDown={onKey}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

interface OptionProps {
  readonly id: string;
  readonly found: Found;
  readonly selected: boolean;
  onChoose(): void;
}

function Option({ id, found, selected, onChoose }: OptionProps) {
  const option = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (selected) option.current?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  return (
    <li ref={option} id={id} role="option" aria-selected={selected} class="switch-option" onClick={onChoose}>
      {found.kind === 'chat' ? <ChatOption chat={found.chat} /> : <HitOption hit={found.hit} />}
    </li>
  );
}

function ChatOption({ chat }: { readonly chat: Chat }) {
  const words = useWords();
  return (
    <>
      <ChatAvatar chat={chat} presence />
      <span dir="auto">{chatName(words, chat)}</span>
      <span class="switch-address">{chatAddress(words, chat)}</span>
    </>
  );
}

function HitOption({ hit }: { readonly hit: SearchHit }) {
  const { chats, people } = useWorkspace();
  const words = useWords();
  const nameOf = useNames();
  const chat = chats.list.value.find(({ id }) => id === hit.conversation);
  const name = nameOf(hit.sender);
  return (
    <>
      <span class="switch-hit-icon">
        <Icon name="search" />
      </span>
      <span dir="auto">{oneLine(hit.text)}</span>
      <span class="switch-address" dir="auto">
        {chat && !chat.person ? words.t('search.by', { name, chat: chatName(words, chat) }) : name}
        {` · ${words.moment(hit.sentAt, people.now.value)}`}
      </span>
    </>
  );
}
