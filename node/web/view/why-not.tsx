// Where the field stands otherwise: why nothing can be written here.
import { type Chat, chatName } from '../model/chat.ts';
import { useConversing, useWords } from './context.ts';

interface WhyNotProps {
  readonly chat: Chat;
  /** The contact is blocked; only administrators write; the person is not in the group any more. */
  readonly why: 'blocked' | 'news' | 'out';
}

export function WhyNot({ chat, why }: WhyNotProps) {
  const { contacts } = useConversing();
  const words = useWords();
  const { person } = chat;
  if (why !== 'blocked' || !person) {
    return <p class="why-not">{words.t(why === 'news' ? 'composer.newsOnly' : 'composer.notMember')}</p>;
  }
  return (
    <p class="why-not">
      {words.t('composer.blocked', { name: chatName(words, chat) })}{' '}
      <button type="button" class="text-button" onClick={() => void contacts.unblock(person)}>
        {words.t('composer.unblock')}
      </button>
    </p>
  );
}
