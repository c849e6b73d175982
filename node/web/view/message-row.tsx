// One message: who, what it answers, the text, what others added to it, when, how far it has come.
import { type Chat } from '../model/chat.ts';
import { failureText } from '../model/failure-text.ts';
import { colourOf } from '../model/person-look.ts';
import { problemText } from '../model/problem-text.ts';
import { lateArrival } from '../model/route-steps.ts';
import type { MessageRowModel } from '../model/rows.ts';
import { saidAt } from '../model/said.ts';
import type { ShownMessage, Timeline } from '../model/timeline.ts';
import { useConversing, useWords, useWorkspace } from './context.ts';
import { DeliveryMark } from './delivery-mark.tsx';
import { FileView } from './file-view.tsx';
import { Icon, IconButton } from './icon.tsx';
import { onMessageKey } from './message-keys.ts';
import { MessageText } from './message-text.tsx';
import { useNames } from './names.ts';
import { Quote } from './quote.tsx';
import { Reactions } from './reactions.tsx';
import { useStage } from './stage.ts';

interface MessageRowProps {
  readonly row: MessageRowModel;
  readonly chat: Chat;
  readonly timeline: Timeline;
}

export function MessageRow({ row: { message, leads, ends }, chat, timeline }: MessageRowProps) {
  const { t } = useWords();
  const stage = useStage();
  const { people } = useWorkspace();
  const nameOf = useNames();
  const refusal = timeline.refusals.value.get(message.id);
  const shown = refusal ? { ...message, state: 'failed' as const } : message;
  const isSaid = message.deletedBy === undefined;
  // of two people the side says who it was; for whoever hears the page the name stays
  const isOfTwo = chat.person !== undefined;
  const classes = ['message', message.mine ? 'mine' : 'theirs', leads && 'leads', ends && 'ends'];
  const openMenu = (opener: HTMLElement): void => stage.show({ kind: 'menu', message: shown, opener });
  return (
    <article
      class={classes.filter(Boolean).join(' ')}
      data-message={message.id}
      tabIndex={-1}
      onKeyDown={(event) => onMessageKey(event, shown, stage)}
      onContextMenu={(event) => {
        if (event.target instanceof Element && event.target.closest('a')) return;
        event.preventDefault();
        openMenu(event.currentTarget);
      }}
    >
      {leads && !message.mine && (
        <p
          class={isOfTwo ? 'hidden' : `message-by by-${colourOf(message.sender)}`}
          title={people.person(message.sender).value?.address ?? ''}
          dir="auto"
        >
          {nameOf(message.sender)}
        </p>
      )}
      <div class="message-line">
        <div class={bubbleClass(shown)}>
          <MessageBody message={shown} timeline={timeline} />
          <MessageMeta message={shown} />
        </div>
        {isSaid && (
          <span class="message-tools">
            <IconButton
              icon="more"
              label={t('message.actions')}
              keys="Enter"
              passed
              onClick={(event) => openMenu(event.currentTarget as HTMLElement)}
            />
          </span>
        )}
      </div>
      {isSaid && message.reactions.length > 0 && <Reactions message={message} chat={chat} />}
      {refusal && <FailureNote message={message} why={refusal} />}
    </article>
  );
}

function bubbleClass(message: ShownMessage): string {
  const { mentionsMe, editedAt, pinned, text, problem, deletedBy } = message;
  const saysMore = editedAt !== undefined || pinned || lateArrival(message) !== undefined;
  const isBare = text === undefined && problem === undefined && deletedBy === undefined;
  return ['bubble', mentionsMe && 'bubble-mine', (saysMore || isBare) && 'bubble-wide'].filter(Boolean).join(' ');
}

function MessageBody({ message, timeline }: { readonly message: ShownMessage; readonly timeline: Timeline }) {
  const words = useWords();
  const nameOf = useNames();
  const { me } = useWorkspace();
  const { deletedBy, replyTo, forwardedFrom, text, problem, file, mentions } = message;
  if (deletedBy !== undefined) {
    const isOwn = deletedBy === me.id;
    const name = nameOf(deletedBy);
    return (
      <p class="message-text message-unknown">
        {isOwn ? words.t('message.deletedByYou') : words.t('message.deleted', { name })}
      </p>
    );
  }
  if (problem !== undefined) return <p class="message-text message-unknown">{problemText(words, problem)}</p>;
  return (
    <>
      {replyTo && <Quote id={replyTo} timeline={timeline} />}
      {forwardedFrom && (
        <p class="message-forwarded">{words.t('message.forwarded', { name: nameOf(forwardedFrom.author) })}</p>
      )}
      {file && <FileView file={file} id={message.id} />}
      {text !== undefined && <MessageText id={message.id} text={text} mentions={mentions} />}
    </>
  );
}

/** Time and state; pressing it shows the path, as the menu of the message does by keys. */
function MessageMeta({ message }: { readonly message: ShownMessage }) {
  const words = useWords();
  const stage = useStage();
  const state = words.t(message.mine ? `state.${message.state}` : 'route.received');
  const at = saidAt(message);
  const late = lateArrival(message);
  const edited = message.editedAt !== undefined && words.t('message.edited');
  const lateText = late !== undefined && words.t('route.late', { time: words.moment(late, at) });
  // the words that are seen are the words that are heard
  const time = [edited, words.time(at), lateText].filter(Boolean).join(' ');
  return (
    <button
      type="button"
      class="message-meta"
      tabIndex={message.deletedBy === undefined ? -1 : 0}
      aria-haspopup="dialog"
      aria-label={words.t('route.show', { state, time })}
      title={`${state} · ${words.full(at)}`}
      onClick={(event) => stage.show({ kind: 'path', message, opener: event.currentTarget })}
    >
      {message.pinned && <Icon name="pin" small />}
      {edited && <span>{edited}</span>} <time>{words.time(at)}</time>{' '}
      {lateText && <span class="message-late">{lateText}</span>}
      {message.mine && <DeliveryMark state={message.state} />}
    </button>
  );
}

interface FailureNoteProps {
  readonly message: ShownMessage;
  readonly why: Parameters<typeof failureText>[1];
}

function FailureNote({ message, why }: FailureNoteProps) {
  const conversing = useConversing();
  const words = useWords();
  return (
    <p class="message-failure" role="alert">
      {words.t('state.failedWhy', { why: failureText(words, why) })}{' '}
      <button type="button" class="text-button" onClick={() => conversing.retry(message.id)}>
        {words.t('state.retry')}
      </button>
    </p>
  );
}
