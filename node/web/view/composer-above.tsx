// Above the field: what is answered, or that an earlier message is being changed.
import { useWords } from './context.ts';
import { Icon, IconButton } from './icon.tsx';
import { useNames } from './names.ts';
import { quoteText } from './quote.tsx';
import type { Stage } from './stage.ts';

export function ComposerAbove({ stage: { composing, timeline } }: { readonly stage: Stage }) {
  const { t } = useWords();
  const nameOf = useNames();
  const isChange = composing.editing.value !== undefined;
  const id = composing.editing.value?.target ?? composing.replyTo.value;
  if (id === undefined) return null;
  const message = timeline.message(id);
  const title = isChange
    ? t('composer.editing')
    : t('composer.replyTo', { name: message ? nameOf(message.sender) : '' });
  return (
    <div class="composer-above" role="status">
      <Icon name={isChange ? 'edit' : 'reply'} />
      <span class="composer-about">
        <strong dir="auto">{title}</strong>
        <span dir="auto">{quoteText(message) ?? t('message.earlier')}</span>
      </span>
      <IconButton
        icon="close"
        label={t(isChange ? 'composer.stopEdit' : 'composer.stopReply')}
        keys="Esc"
        onClick={() => composing.cancel()}
      />
    </div>
  );
}
