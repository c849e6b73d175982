// One message: the text as plain text, when, how far it has come, and on request the way it took.
import { useId } from 'preact/hooks';
import type { Message } from '../../../src/client/client.ts';
import type { Chat } from '../model/chats.ts';
import { failureText } from '../model/failure-text.ts';
import { colourOf } from '../model/person-look.ts';
import { problemText } from '../model/problem-text.ts';
import { lateArrival } from '../model/route-steps.ts';
import { type MessageRowModel, saidAt } from '../model/rows.ts';
import { useWords, useWorkspace } from './context.ts';
import { DeliveryMark } from './delivery-mark.tsx';
import { RoutePopover } from './route-popover.tsx';

interface MessageRowProps {
  readonly row: MessageRowModel;
  readonly chat: Chat;
}

export function MessageRow({ row: { message, leads, ends }, chat }: MessageRowProps) {
  const classes = ['message', message.mine ? 'mine' : 'theirs', leads && 'leads', ends && 'ends'];
  return (
    <article class={classes.filter(Boolean).join(' ')} data-message={message.id}>
      {leads && !message.mine && (
        <p class={`message-by by-${colourOf(message.from.id)}`} title={message.from.address} dir="auto">
          {message.from.name}
        </p>
      )}
      <div class="bubble">
        <MessageText message={message} />
        <MessageMeta message={message} />
      </div>
      {message.state === 'failed' && <FailureNote message={message} chat={chat} />}
    </article>
  );
}

function MessageText({ message }: { readonly message: Message }) {
  const words = useWords();
  if (message.text === undefined) {
    return <p class="message-text message-unknown">{problemText(words, message.problem)}</p>;
  }
  return (
    <p class="message-text" dir="auto">
      {message.text}
    </p>
  );
}

/** Time and state; pressing it shows the path. */
function MessageMeta({ message }: { readonly message: Message }) {
  const words = useWords();
  const id = useId();
  const state = words.t(message.mine ? `state.${message.state}` : 'route.received');
  const time = words.time(saidAt(message));
  const late = lateArrival(message);
  const lateText =
    late === undefined ? undefined : words.t('route.late', { time: words.moment(late, saidAt(message)) });
  return (
    <>
      <button
        type="button"
        class="message-meta"
        popovertarget={id}
        aria-label={words.t('route.show', { state, time })}
        title={`${state} · ${words.full(saidAt(message))}`}
      >
        <time>{time}</time>
        {lateText !== undefined && <span class="message-late">{lateText}</span>}
        {message.mine && <DeliveryMark state={message.state} />}
      </button>
      <RoutePopover id={id} message={message} />
    </>
  );
}

function FailureNote({ message, chat }: { readonly message: Message; readonly chat: Chat }) {
  const { chats } = useWorkspace();
  const words = useWords();
  const why = message.failure && failureText(words, message.failure);
  return (
    <p class="message-failure" role="alert" data-chat={chat.id}>
      {why === undefined ? words.t('state.failed') : words.t('state.failedWhy', { why })}{' '}
      <button type="button" class="text-button" onClick={() => void chats.retry(message)}>
        {words.t('state.retry')}
      </button>
    </p>
  );
}
