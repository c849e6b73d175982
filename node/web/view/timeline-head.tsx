// Above everything that is loaded: the beginning of the conversation, or that more is on its way.
import { type Chat, chatName } from '../model/chat.ts';
import type { Timeline } from '../model/timeline.ts';
import { useWords } from './context.ts';

export function TimelineHead({ timeline, chat }: { readonly timeline: Timeline; readonly chat: Chat }) {
  const words = useWords();
  const { t } = words;
  const loading = timeline.loading.value;
  if (loading === 'failed') {
    return (
      <p class="timeline-head">
        {t('chat.loadFailed')}{' '}
        <button type="button" class="text-button" onClick={() => void timeline.retry()}>
          {t('state.retry')}
        </button>
      </p>
    );
  }
  if (timeline.complete.value) {
    const isEmpty = timeline.view.value.items.length === 0;
    const start = t(chat.person ? 'chat.start' : 'chat.startGroup', { name: chatName(words, chat) });
    return <p class="timeline-head">{isEmpty ? t('chat.empty') : start}</p>;
  }
  return <p class="timeline-head">{loading === 'none' ? '' : t('chat.earlier')}</p>;
}
