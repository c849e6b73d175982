// What stands between messages: the day, the "New" divider, and what happened to the conversation.
import { lineText } from '../model/line-text.ts';
import type { ShownLine } from '../model/timeline.ts';
import { useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';
import { useNames } from './names.ts';

export function DayLine({ at }: { readonly at: number }) {
  const { people } = useWorkspace();
  const words = useWords();
  return (
    <p class="day-line">
      <time>{words.day(at, people.now.value)}</time>
    </p>
  );
}

export function NewLine() {
  const { t } = useWords();
  return (
    <p class="new-line" data-row="new">
      <span>{t('chat.new')}</span>
    </p>
  );
}

export function SystemLineView({ line }: { readonly line: ShownLine }) {
  const { me } = useWorkspace();
  const words = useWords();
  const nameOf = useNames();
  const isWarning = line.what === 'identity-changed';
  return (
    <p class={isWarning ? 'system-line system-line-warning' : 'system-line'}>
      {isWarning && <Icon name="alert" small />}
      <span dir="auto">{lineText(words, line, me.id, nameOf)}</span>
    </p>
  );
}
