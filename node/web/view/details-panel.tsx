// Details of a conversation: for now who the person is.
import { useEffect, useRef } from 'preact/hooks';
import type { Chat } from '../model/chats.ts';
import { useApp, useWords } from './context.ts';
import { IconButton } from './icon.tsx';
import { Avatar, PresenceText } from './person.tsx';

export function DetailsPanel({ chat: { person } }: { readonly chat: Chat }) {
  const { screen } = useApp();
  const { t } = useWords();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    // where it covers the conversation the focus has to go along
    if (panel.current && getComputedStyle(panel.current).position === 'absolute') {
      panel.current.querySelector('button')?.focus();
    }
    return () => opener instanceof HTMLElement && opener.focus();
  }, []);
  return (
    <aside ref={panel} class="details" aria-label={t('details.title')}>
      <header class="details-head">
        <h2>{t('details.title')}</h2>
        <IconButton icon="close" label={t('details.close')} keys="Esc" onClick={() => (screen.details.value = false)} />
      </header>
      <div class="details-person">
        <Avatar user={person} large presence />
        <h3 dir="auto">{person.name}</h3>
        <PresenceText user={person} />
      </div>
      <dl class="facts">
        <dt>{t('details.address')}</dt>
        <dd>{person.address}</dd>
        <dt>{t('details.branch')}</dt>
        <dd>{person.address.slice(person.address.indexOf('@') + 1)}</dd>
      </dl>
    </aside>
  );
}
