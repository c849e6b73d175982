// The text of a message: always text. Addresses in it can be followed, with a warning where one reads like another; names of people are marked.
import type { UserId } from '../../../src/realm/ids.ts';
import { messageParts, type Part } from '../model/message-parts.ts';
import { useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';

interface MessageTextProps {
  readonly text: string;
  readonly mentions: readonly UserId[];
}

export function MessageText({ text, mentions }: MessageTextProps) {
  const { me, people } = useWorkspace();
  const named = mentions.flatMap((id) => (id === me.id ? me : (people.person(id).value ?? [])));
  return (
    <p class="message-text" dir="auto">
      {messageParts(text, named).map((part, index) => (
        <PartView key={index} part={part} isMe={part.kind === 'mention' && part.user.id === me.id} />
      ))}
    </p>
  );
}

function PartView({ part, isMe }: { readonly part: Part; readonly isMe: boolean }) {
  const { t } = useWords();
  switch (part.kind) {
    case 'text':
      return <>{part.text}</>;
    case 'mention':
      return (
        <span class={isMe ? 'mention mention-me' : 'mention'} title={`${part.user.name}\n${part.user.address}`}>
          {part.text}
        </span>
      );
    case 'link':
      return (
        <>
          <a href={part.href} target="_blank" rel="noopener noreferrer" title={part.href}>
            {part.text}
          </a>
          {part.warning && (
            <span class="link-warning">
              <Icon name="alert" small />
              {t('message.linkWarning', { host: part.warning.host })}
            </span>
          )}
        </>
      );
  }
}
