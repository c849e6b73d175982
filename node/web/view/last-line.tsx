// The second line of a conversation in the list: who is writing, the draft, or what was said last.
import type { Chat } from '../model/chat.ts';
import { chatAddress } from '../model/chat.ts';
import { chatLine } from '../model/chat-lines.ts';
import { problemText } from '../model/problem-text.ts';
import { useWords, useWorkspace } from './context.ts';
import { DeliveryMark } from './delivery-mark.tsx';
import { useNames } from './names.ts';

export function LastLine({ chat }: { readonly chat: Chat }) {
  const { conversing, people, chats } = useWorkspace();
  const words = useWords();
  const nameOf = useNames();
  const { t } = words;
  const isOpen = chats.current.value?.id === chat.id;
  const draft = isOpen ? '' : conversing.drafts.of(chat.id).value.text;
  const line = chatLine(chat, draft, people.typingIn(chat.id).value);
  switch (line.kind) {
    case 'typing': {
      const names = words.list(line.who.map(({ name }) => name));
      const text = chat.person ? t('presence.typing') : t('group.typing', { names, count: line.who.length });
      return <span class="chat-line chat-line-typing">{text}</span>;
    }
    case 'draft':
      return (
        <span class="chat-line">
          <span class="chat-line-draft">{t('rail.draft')}</span> <span dir="auto">{line.text}</span>
        </span>
      );
    case 'deleted':
      return <span class="chat-line">{t('message.gone')}</span>;
    case 'unreadable':
      return <span class="chat-line">{problemText(words, line.problem)}</span>;
    case 'address':
      return <span class="chat-line">{chat.person?.address ?? chatAddress(words, chat)}</span>;
    case 'message':
      return (
        <span class="chat-line" dir="auto">
          {line.mine && chat.last && <DeliveryMark state={chat.last.state} />}
          {line.by && !line.mine && `${nameOf(line.by)}: `}
          {line.text}
        </span>
      );
  }
}
