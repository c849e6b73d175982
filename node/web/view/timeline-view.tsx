// The messages of a conversation: day by day, with a way to the end. What is loaded above or arrives below does not move
// what a person is reading.
import { useMemo } from 'preact/hooks';
import type { Chat } from '../model/chats.ts';
import { type Day, layOutDays, type Row } from '../model/rows.ts';
import type { Timeline } from '../model/timeline.ts';
import { useAnchoredScroll } from './anchored-scroll.ts';
import { useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';
import { MessageRow } from './message-row.tsx';

export function TimelineView({ chat }: { readonly chat: Chat }) {
  const { chats } = useWorkspace();
  const words = useWords();
  const timeline = chats.timelineOf(chat);
  const messages = timeline.messages.value;
  const firstNew = chats.firstNew.value;
  const days = useMemo(
    () => layOutDays(messages, firstNew, (a, b) => words.daysBetween(a, b) === 0),
    [messages, firstNew, words],
  );
  const scroll = useAnchoredScroll({
    first: messages[0]?.id,
    last: messages.at(-1),
    firstNew,
    onTop: () => void timeline.loadOlder(),
    onSeen: (id) => chats.seen(id),
  });
  return (
    <div class="timeline-frame">
      <div ref={scroll.ref} class="timeline" onScroll={scroll.onScroll} tabIndex={0} role="group">
        <div class="timeline-inner" role="log" aria-label={words.t('chat.label', { name: chat.person.name })}>
          <TimelineHead timeline={timeline} name={chat.person.name} />
          {days.map((day) => (
            <DayView key={day.key} day={day} chat={chat} />
          ))}
        </div>
      </div>
      {!scroll.atEnd && <JumpButton chat={chat} onClick={scroll.toEnd} />}
    </div>
  );
}

function TimelineHead({ timeline, name }: { readonly timeline: Timeline; readonly name: string }) {
  const { t } = useWords();
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
    const isEmpty = timeline.messages.value.length === 0;
    return <p class="timeline-head">{isEmpty ? t('chat.empty') : t('chat.start', { name })}</p>;
  }
  return <p class="timeline-head">{loading === 'none' ? '' : t('chat.earlier')}</p>;
}

function DayView({ day, chat }: { readonly day: Day; readonly chat: Chat }) {
  const { people } = useWorkspace();
  const words = useWords();
  return (
    <section class="day">
      <p class="day-line">
        <time>{words.day(day.at, people.now.value)}</time>
      </p>
      {day.rows.map((row) => (
        <RowView key={row.key} row={row} chat={chat} />
      ))}
    </section>
  );
}

function RowView({ row, chat }: { readonly row: Row; readonly chat: Chat }) {
  const { t } = useWords();
  if (row.kind === 'message') return <MessageRow row={row} chat={chat} />;
  return (
    <p class="new-line" data-row="new">
      <span>{t('chat.new')}</span>
    </p>
  );
}

function JumpButton({ chat, onClick }: { readonly chat: Chat; onClick(): void }) {
  const { t } = useWords();
  const unread = chat.unread > 0 ? `, ${t('rail.unread', { count: chat.unread })}` : '';
  return (
    <button
      type="button"
      class="jump"
      aria-label={`${t('chat.toEnd')}${unread}`}
      title={t('chat.toEnd')}
      onClick={onClick}
    >
      <Icon name="down" />
      {chat.unread > 0 && <span class="badge">{chat.unread}</span>}
    </button>
  );
}
