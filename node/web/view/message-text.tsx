// The text of a message: always text. Addresses in it can be followed, with a warning where one reads like another; names of people are marked.
import type { UserId } from '../../../src/realm/ids.ts';
import { beginningOf, isLong } from '../model/long-text.ts';
import { messageParts, type Part } from '../model/message-parts.ts';
import { useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';
import { useStage } from './stage.ts';

interface MessageTextProps {
  readonly id: string;
  readonly text: string;
  readonly mentions: readonly UserId[];
}

export function MessageText({ id, text, mentions }: MessageTextProps) {
  const stage = useStage();
  const { me, people } = useWorkspace();
  const named = mentions.flatMap((id) => (id === me.id ? me : (people.person(id).value ?? [])));
  const all = messageParts(text, named);
  const isCut = isLong(text);
  const isWhole = !isCut || stage.whole.value.has(id);
  return (
    <>
      <p class="message-text" dir="auto">
        {(isWhole ? all : beginningOf(all)).map((part, index) => (
          <PartView key={index} part={part} isMe={part.kind === 'mention' && part.user.id === me.id} />
        ))}
      </p>
      {isCut && <WholeButton isWhole={isWhole} onChange={(on) => stage.showWhole(id, on)} />}
    </>
  );
}

function WholeButton({ isWhole, onChange }: { readonly isWhole: boolean; onChange(isWhole: boolean): void }) {
  const { t } = useWords();
  return (
    <button type="button" class="text-button message-whole" aria-expanded={isWhole} onClick={() => onChange(!isWhole)}>
      {t(isWhole ? 'message.showLess' : 'message.showAll')}
    </button>
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
