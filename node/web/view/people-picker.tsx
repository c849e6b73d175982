// Several people, chosen by typing the beginning of a name: those chosen stand above and can be taken out again.

import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { User } from '../../../src/client/client.ts';
import { whereIs } from '../model/person-look.ts';
import { useConversing, useWords } from './context.ts';
import { Field } from './field.tsx';
import { Icon } from './icon.tsx';
import { onListKey } from './keys.ts';
import { Avatar } from './person.tsx';

interface PeoplePickerProps {
  readonly chosen: Signal<readonly User[]>;
  /** Who is there already and can't be chosen. */
  readonly without?: readonly { readonly id: User['id'] }[];
  readonly error?: string | undefined;
}

export function PeoplePicker({ chosen, without = [], error }: PeoplePickerProps) {
  const { t } = useWords();
  const conversing = useConversing();
  const typed = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  const search = useMemo(() => conversing.newPeopleSearch(), []);
  useEffect(() => () => search.stop(), []);
  const taken = new Set([...without, ...chosen.value].map(({ id }) => id));
  const found = search.found.value.filter(({ id }) => !taken.has(id));
  const take = (user: User): void => {
    chosen.value = [...chosen.value, user];
    typed.value = '';
    search.type('');
    field.current?.focus();
  };
  return (
    <div class="picker">
      <Chosen chosen={chosen} onGone={() => field.current?.focus()} />
      <Field
        label={t('group.find')}
        value={typed.value}
        autocomplete="off"
        hint={search.isLooking.value ? t('search.looking') : t('group.findHint')}
        error={error}
        inputRef={field}
        onInput={(text) => {
          typed.value = text;
          search.type(text);
        }}
      />
      <ul class="choice-list scroll" onKeyDown={(event) => onListKey(event, event.currentTarget)}>
        {found.map((user) => (
          <li key={user.id}>
            <button type="button" class="switch-option" onClick={() => take(user)}>
              <Avatar user={user} presence />
              <span dir="auto">{user.name}</span>
              <span class="switch-address">{whereIs(user)}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && !search.isLooking.value && typed.value !== '' && (
        <p class="note" role="status">
          {t('group.noneFound')}
        </p>
      )}
    </div>
  );
}

function Chosen({ chosen, onGone }: { readonly chosen: Signal<readonly User[]>; onGone(): void }) {
  const { t } = useWords();
  if (chosen.value.length === 0) return null;
  return (
    <ul class="chosen" aria-label={t('group.chosen')}>
      {chosen.value.map((user) => (
        <li key={user.id} title={whereIs(user)}>
          <span dir="auto">{user.name}</span>
          <button
            type="button"
            aria-label={t('group.untake', { name: user.name })}
            onClick={() => {
              chosen.value = chosen.value.filter(({ id }) => id !== user.id);
              onGone();
            }}
          >
            <Icon name="close" small />
          </button>
        </li>
      ))}
    </ul>
  );
}
