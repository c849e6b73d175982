// Ctrl+K: type a few letters, Enter goes there. A combobox with a listbox, after the ARIA practices.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { matchChats } from '../model/chat-lines.ts';
import type { Chat } from '../model/chats.ts';
import { useApp, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { Avatar } from './person.tsx';

export function SwitchDialog() {
  const { screen } = useApp();
  const { chats } = useWorkspace();
  const { t } = useWords();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const matches = matchChats(chats.list.value, typed);
  const go = (chat: Chat | undefined): void => {
    if (!chat) return;
    screen.close();
    chats.open(chat.id);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && matches.length > 0) setAt((at + step + matches.length) % matches.length);
    else if (event.key === 'Enter') go(matches[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t('switch.title')} class="switcher" onClose={() => screen.close()}>
      <SwitchField
        listId={id}
        active={matches[at] && `${id}-${at}`}
        value={typed}
        onKey={onKey}
        onInput={(text) => {
          setTyped(text);
          setAt(0);
        }}
      />
      <ul id={id} role="listbox" class="switch-list" aria-label={t('rail.label')}>
        {matches.map((chat, index) => (
          <Option key={chat.id} id={`${id}-${index}`} chat={chat} selected={index === at} onChoose={() => go(chat)} />
        ))}
      </ul>
      {matches.length === 0 && (
        <p class="note" role="status">
          {t('switch.none')}
        </p>
      )}
    </Dialog>
  );
}

interface SwitchFieldProps {
  readonly listId: string;
  readonly active: string | undefined;
  readonly value: string;
  onKey(event: KeyboardEvent): void;
  onInput(text: string): void;
}

function SwitchField({ listId, active, value, onKey, onInput }: SwitchFieldProps) {
  const { t } = useWords();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <div class="field-box">
      <Icon name="search" />
      <input
        ref={field}
        role="combobox"
        aria-label={t('switch.field')}
        aria-expanded="true"
        aria-controls={listId}
        aria-autocomplete="list"
        {...(active === undefined ? {} : { 'aria-activedescendant': active })}
        autocomplete="off"
        spellcheck={false}
        placeholder={t('switch.field')}
        value={value}
        onKeyDown={onKey}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

interface OptionProps {
  readonly id: string;
  readonly chat: Chat;
  readonly selected: boolean;
  onChoose(): void;
}

function Option({ id, chat: { person }, selected, onChoose }: OptionProps) {
  return (
    <li id={id} role="option" aria-selected={selected} class="switch-option" onClick={onChoose}>
      <Avatar user={person} presence />
      <span dir="auto">{person.name}</span>
      <span class="switch-address">{person.address}</span>
    </li>
  );
}
