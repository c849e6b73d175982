// "+": find a colleague by username, see who that is, begin a conversation.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { User } from '../../../src/client/client.ts';
import { failureText } from '../model/failure-text.ts';
import type { Finding } from '../model/find-colleague.ts';
import type { Wording } from '../model/wording.ts';
import { Button } from './button.tsx';
import { useApp, useConversing, useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { Avatar, PresenceText } from './person.tsx';

export function AddDialog() {
  const { screen } = useApp();
  const { chats, newFinder } = useWorkspace();
  const words = useWords();
  const [username, setUsername] = useState('');
  const finder = useMemo(newFinder, []);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    return () => finder.stop();
  }, []);
  const finding = finder.finding.value;
  const found = finding.kind === 'found' ? finding.user : undefined;
  const isKnown = found !== undefined && chats.list.value.some(({ person }) => person?.id === found.id);
  const add = (event: Event): void => {
    event.preventDefault();
    if (!found) return;
    screen.close();
    chats.begin(found);
  };
  return (
    <Dialog title={words.t('add.title')} onClose={() => screen.close()}>
      <OtherKinds />
      <form onSubmit={add} noValidate>
        <Field
          label={words.t('add.username')}
          value={username}
          autocomplete="off"
          hint={noteOf(words, finding) ?? words.t('add.hint')}
          error={problemOf(words, finding)}
          inputRef={field}
          onInput={(text) => {
            setUsername(text);
            finder.type(text);
          }}
        />
        <div class="add-preview" aria-live="polite">
          {found && <Preview user={found} />}
        </div>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => screen.close()}>
            {words.t('add.cancel')}
          </button>
          <button type="submit" class="button button-main" disabled={!found}>
            {words.t(isKnown ? 'add.open' : 'add.submit')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** A conversation can be begun with several as well. */
function OtherKinds() {
  const { screen } = useApp();
  const { talk } = useConversing();
  const { t } = useWords();
  const go = (of: 'group' | 'news') => () => {
    screen.close();
    talk.show({ kind: 'new-group', of });
  };
  return (
    <div class="kinds" role="group" aria-label={t('add.kinds')}>
      <Button icon="people" onClick={go('group')}>
        {t('group.new')}
      </Button>
      <Button icon="news" onClick={go('news')}>
        {t('group.newNews')}
      </Button>
    </div>
  );
}

function Preview({ user }: { readonly user: User }) {
  const { t } = useWords();
  const { people } = useWorkspace();
  useEffect(() => people.preview(user), [user.id]);
  return (
    <div class="preview-card">
      <Avatar user={user} large presence />
      <div>
        <strong dir="auto">{user.name}</strong>
        <span>{user.address}</span>
        <span>{t('add.branch', { realm: user.address.slice(user.address.indexOf('@') + 1) })}</span>
        {user.department !== undefined && <span dir="auto">{user.department}</span>}
        <PresenceText user={user} />
      </div>
    </div>
  );
}

function noteOf({ t }: Wording, finding: Finding): string | undefined {
  return finding.kind === 'looking' ? t('add.looking') : undefined;
}

function problemOf(words: Wording, finding: Finding): string | undefined {
  switch (finding.kind) {
    case 'none':
      return words.t('add.none', { address: finding.address, login: finding.login });
    case 'self':
      return words.t('add.self');
    case 'malformed':
      return words.t('add.malformed');
    case 'failed':
      return failureText(words, finding.failure);
    default:
      return undefined;
  }
}
