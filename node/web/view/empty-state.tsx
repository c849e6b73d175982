// The middle while no conversation is open: it teaches the one thing to do next.
import { useApp, useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';
import { Mark } from './mark.tsx';
import { Avatar } from './person.tsx';

export function EmptyState() {
  const { chats } = useWorkspace();
  return <main class="empty">{chats.loaded.value && <Teaching />}</main>;
}

/** Also in the rail of a narrow screen, where there is no middle. */
export function Teaching() {
  const { screen } = useApp();
  const { chats } = useWorkspace();
  const { t } = useWords();
  const isNobody = chats.list.value.length === 0;
  return (
    <div class="teaching">
      <Mark large />
      {isNobody && <h1>{t('empty.title')}</h1>}
      <p class="lead">{t(isNobody ? 'empty.teach' : 'empty.choose')}</p>
      <DemoColleague />
      <button type="button" class="button" onClick={() => screen.open('add')}>
        <Icon name="plus" />
        {t('rail.add')}
      </button>
    </div>
  );
}

/** The demonstration's other person, one click away. */
function DemoColleague() {
  const { chats, colleague } = useWorkspace();
  const { t } = useWords();
  const user = colleague.value;
  if (!user || chats.list.value.some(({ person }) => person?.id === user.id)) return null;
  return (
    <>
      <button type="button" class="button button-main button-person" onClick={() => chats.begin(user)}>
        <Avatar user={user} />
        <span>
          {t('empty.demo', { name: user.name })}
          <small>{user.address}</small>
        </span>
      </button>
      <p class="note">{t('empty.demoHint')}</p>
    </>
  );
}
