// Details of a conversation: who it is with, who is in it, and what can be settled about it.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { User } from '../../../src/client/client.ts';
import { type Chat, chatAddress, chatName } from '../model/chat.ts';
import { ChatAvatar } from './chat-avatar.tsx';
import { ContactSettling } from './contact-settling.tsx';
import { useApp, useWords } from './context.ts';
import { keepFocus } from './focus-home.ts';
import { IconButton } from './icon.tsx';
import { SafetyFact } from './identity-parts.tsx';
import { MemberList } from './member-list.tsx';
import { PresenceText } from './person.tsx';
import { SharedFiles } from './shared-files.tsx';

export function DetailsPanel({ chat }: { readonly chat: Chat }) {
  const { screen } = useApp();
  const words = useWords();
  const { t } = words;
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const box = panel.current;
    // where it takes the place of the conversation the focus has to go along
    if (box && getComputedStyle(box).position === 'absolute') box.querySelector('button')?.focus();
    return () => {
      if (!box?.contains(document.activeElement)) return;
      // what lay beneath can have the focus once the panel is gone
      queueMicrotask(() => opener instanceof HTMLElement && opener.focus());
      keepFocus();
    };
  }, []);
  return (
    <aside ref={panel} class="details" aria-label={t('details.title')}>
      <header class="details-head">
        <h2>{t('details.title')}</h2>
        <IconButton icon="close" label={t('details.close')} keys="Esc" onClick={() => (screen.details.value = false)} />
      </header>
      <div class="details-person">
        <ChatAvatar chat={chat} large presence />
        <h3 dir="auto">{chatName(words, chat)}</h3>
        {chat.person ? <PresenceText user={chat.person} /> : <span class="note">{chatAddress(words, chat)}</span>}
      </div>
      {chat.person ? <Facts person={chat.person} /> : <MemberList chat={chat} />}
      <SharedFiles chat={chat} />
      <ContactSettling chat={chat} />
    </aside>
  );
}

function Facts({ person }: { readonly person: User }) {
  const { t } = useWords();
  return (
    <dl class="facts">
      <dt>{t('details.address')}</dt>
      <dd>{person.address}</dd>
      <dt>{t('details.branch')}</dt>
      <dd>{person.address.slice(person.address.indexOf('@') + 1)}</dd>
      {person.department !== undefined && (
        <>
          <dt>{t('details.department')}</dt>
          <dd dir="auto">{person.department}</dd>
        </>
      )}
      <dt>{t('safety.title')}</dt>
      <dd>
        <SafetyFact person={person} />
      </dd>
    </dl>
  );
}
