// A new group, or one for news: a name and the people in it.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { User } from '../../../src/client/client.ts';
import { type Failure, failureOf } from '../model/failure-text.ts';
import { groupFailure } from '../model/group-failure.ts';
import { MAX_GROUP_NAME } from '../model/message-length.ts';
import { Button } from './button.tsx';
import { useConversing, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { PeoplePicker } from './people-picker.tsx';

type Missing = 'name' | 'length' | 'people' | undefined;

export function NewGroupDialog({ of }: { readonly of: 'group' | 'news' }) {
  const words = useWords();
  const { t } = words;
  const { talk } = useConversing();
  const name = useSignal('');
  const chosen = useSignal<readonly User[]>([]);
  const missing = useSignal<Missing>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const making = useMaking();
  useEffect(() => field.current?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    missing.value = missingIn(name.value.trim(), chosen.value);
    if (missing.value === undefined && !making.isWorking) void making.go(of, name.value.trim(), chosen.value);
    else if (missing.value !== 'people') field.current?.focus();
  };
  return (
    <Dialog title={t(of === 'news' ? 'group.newNews' : 'group.new')} onClose={() => talk.close()}>
      <form onSubmit={submit} noValidate>
        <p class="note">{t(of === 'news' ? 'group.newsHint' : 'group.newHint')}</p>
        <Field
          label={t('group.name')}
          value={name.value}
          autocomplete="off"
          error={nameProblem(missing.value, t)}
          inputRef={field}
          onInput={(text) => {
            name.value = text;
            missing.value = undefined;
          }}
        />
        <PeoplePicker chosen={chosen} error={missing.value === 'people' ? t('group.nobodyChosen') : undefined} />
        {making.failure && (
          <p class="note note-bad" role="alert">
            {groupFailure(words, making.failure)}
          </p>
        )}
        <div class="dialog-buttons">
          <Button onClick={() => talk.close()}>{t('dialog.cancel')}</Button>
          <Button kind="main" submit disabled={making.isWorking}>
            {t(making.isWorking ? 'group.creating' : 'group.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function missingIn(name: string, chosen: readonly User[]): Missing {
  if (name === '') return 'name';
  if (new TextEncoder().encode(name).length > MAX_GROUP_NAME) return 'length';
  return chosen.length === 0 ? 'people' : undefined;
}

function nameProblem(missing: Missing, t: ReturnType<typeof useWords>['t']): string | undefined {
  if (missing === 'name') return t('group.nameMissing');
  return missing === 'length' ? t('group.nameLong') : undefined;
}

function useMaking() {
  const { chats } = useWorkspace();
  const { groups, talk } = useConversing();
  const isWorking = useSignal(false);
  const failure = useSignal<Failure | undefined>(undefined);
  const go = async (kind: 'group' | 'news', name: string, people: readonly User[]): Promise<void> => {
    isWorking.value = true;
    failure.value = undefined;
    try {
      const id = await groups.create({ name, kind, members: people.map((user) => user.id) });
      talk.close();
      await chats.beginGroup(id, name, people);
    } catch (error) {
      failure.value = failureOf(error);
    }
    isWorking.value = false;
  };
  return { isWorking: isWorking.value, failure: failure.value, go };
}
