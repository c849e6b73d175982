// "@" and a few letters: who can be named, chosen by arrows and Enter or Tab. A listbox that belongs to the field.
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useId } from 'preact/hooks';
import type { User } from '../../../src/client/client.ts';
import { type MentionQuery, mentionQuery, mentionText, whoFits } from '../model/mention-query.ts';
import { whereIs } from '../model/person-look.ts';
import { useWords } from './context.ts';
import { Avatar } from './person.tsx';
import type { Stage } from './stage.ts';

interface Mentions {
  readonly id: string;
  readonly fitting: readonly User[];
  readonly at: number;
  readonly attributes: Record<string, string>;
  /** True when the key was for the list. */
  onKey(event: KeyboardEvent): boolean;
  look(): void;
  choose(user: User): void;
}

export function useMentions({ chat, composing }: Stage, field: RefObject<HTMLTextAreaElement | null>): Mentions {
  const id = useId();
  const query = useSignal<MentionQuery | undefined>(undefined);
  const at = useSignal(0);
  const isGroup = chat.person === undefined;
  const fitting = query.value && isGroup ? whoFits(chat.people, query.value.typed) : [];
  const look = (): void => {
    const box = field.current;
    const found =
      box && box.selectionStart === box.selectionEnd ? mentionQuery(box.value, box.selectionStart) : undefined;
    if (found?.typed !== query.peek()?.typed) at.value = 0;
    query.value = found;
  };
  const choose = (user: User): void => {
    const box = field.current;
    if (!box || !query.value) return;
    const { text, caret } = mentionText(box.value, box.selectionStart, query.value, user, chat.people);
    composing.type(text);
    query.value = undefined;
    requestAnimationFrame(() => {
      box.focus();
      box.setSelectionRange(caret, caret);
    });
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const chosen = fitting[at.value];
    if (!chosen) return false;
    if (event.key === 'ArrowDown') at.value = (at.value + 1) % fitting.length;
    else if (event.key === 'ArrowUp') at.value = (at.value - 1 + fitting.length) % fitting.length;
    else if (event.key === 'Enter' || event.key === 'Tab') choose(chosen);
    else if (event.key === 'Escape') query.value = undefined;
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const attributes = isGroup
    ? {
        'aria-autocomplete': 'list',
        ...(fitting.length > 0 && { 'aria-controls': id, 'aria-activedescendant': `${id}-${at.value}` }),
      }
    : {};
  return { id, fitting, at: at.value, attributes: attributes as Record<string, string>, onKey, look, choose };
}

export function MentionList({ id, fitting, at, choose }: Mentions) {
  const { t } = useWords();
  if (fitting.length === 0) return null;
  return (
    <ul id={id} class="mention-list" role="listbox" aria-label={t('composer.mention')}>
      {fitting.map((user, index) => (
        <li
          key={user.id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          class="switch-option"
          onPointerDown={(event) => {
            event.preventDefault();
            choose(user);
          }}
        >
          <Avatar user={user} />
          <span dir="auto">{user.name}</span>
          <span class="switch-address">{whereIs(user)}</span>
        </li>
      ))}
    </ul>
  );
}
