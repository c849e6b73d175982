// What a message answers: who said it and how it begins; pressing it goes there.
import type { MessageId } from '../../../src/realm/ids.ts';
import { oneLine } from '../model/chat-lines.ts';
import { colourOf } from '../model/person-look.ts';
import type { Timeline } from '../model/timeline.ts';
import { useWords } from './context.ts';
import { useNames } from './names.ts';
import { useStage } from './stage.ts';

export function Quote({ id, timeline }: { readonly id: MessageId; readonly timeline: Timeline }) {
  const { t } = useWords();
  const stage = useStage();
  const nameOf = useNames();
  const message = timeline.message(id);
  return (
    <button type="button" class="quote" title={t('message.toQuoted')} onClick={() => void stage.goTo(id)}>
      <span class="hidden">{t('message.toQuoted')}</span>
      {message && (
        <span class={`quote-by by-${colourOf(message.sender)}`} dir="auto">
          {nameOf(message.sender)}
        </span>
      )}
      <span class="quote-text" dir="auto">
        {quoteText(message) ?? t(message?.deletedBy ? 'message.gone' : 'message.earlier')}
      </span>
    </button>
  );
}

export function quoteText(message: ReturnType<Timeline['message']>): string | undefined {
  const text = message?.text ?? message?.file?.name;
  return text === undefined ? undefined : oneLine(text);
}
