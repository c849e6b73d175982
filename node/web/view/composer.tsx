// Where a message is written: Enter sends, Shift+Enter breaks the line, arrow-up in an empty field changes the last one said. What is
// typed survives a reload.
import { useSignal } from '@preact/signals';
import { type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { chatName } from '../model/chat.ts';
import { failureText } from '../model/failure-text.ts';
import { MAX_TEXT, roomLeft } from '../model/message-length.ts';
import { AttachTray } from './attach-tray.tsx';
import { AttachButton, useDropping, usePasting, VoiceButton } from './attaching.tsx';
import { ComposerAbove } from './composer-above.tsx';
import { useApp, useConversing, useWords, useWorkspace } from './context.ts';
import { EmojiPicker } from './emoji-picker.tsx';
import { IconButton } from './icon.tsx';
import { MentionList, useMentions } from './mention-list.tsx';
import { mayEdit } from './message-keys.ts';
import { Popup } from './popup.tsx';
import { type Stage, useStage } from './stage.ts';
import { WhyNot } from './why-not.tsx';

export function Composer() {
  const stage = useStage();
  const { members, contacts } = useConversing();
  const { chat } = stage;
  if (chat.person && contacts.blocked.value.has(chat.person.id)) return <WhyNot chat={chat} why="blocked" />;
  if (!chat.person && members.isOut(chat.id)) return <WhyNot chat={chat} why="out" />;
  if (!chat.person && members.of(chat.id).value && !members.mayI(chat.id, 'write'))
    return <WhyNot chat={chat} why="news" />;
  return <ComposerForm stage={stage} />;
}

function ComposerForm({ stage }: { readonly stage: Stage }) {
  const { typing, files } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const { chat, composing } = stage;
  const field = useRef<HTMLTextAreaElement>(null);
  const text = composing.text.value;
  const left = roomLeft(text);
  const mentions = useMentions(stage, field);
  const onPaste = usePasting(chat);
  const isDropping = useDropping(chat, field);
  useFocus(stage, field);
  const send = (): void => {
    if (composing.send(files.sending)) field.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing || mentions.onKey(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) send();
    else if (event.key === 'Escape') {
      if (!composing.cancel()) return;
      event.stopPropagation();
    } else if (!isBare(event, 'ArrowUp') || text !== '' || !editLast(stage)) return;
    event.preventDefault();
  };
  const name = chatName(words, chat);
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <RoomNote left={left} />
      <FailureNote stage={stage} />
      <ComposerAbove stage={stage} />
      <AttachTray chat={chat} />
      <MentionList {...mentions} />
      {isDropping && <p class="drop-here">{t('file.drop')}</p>}
      <div class={left < 0 ? 'composer-box composer-over' : 'composer-box'}>
        <AttachButton chat={chat} />
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={t('composer.label', { name })}
          placeholder={t('composer.placeholder')}
          value={text}
          onKeyDown={onKey}
          {...mentions.attributes}
          onSelect={mentions.look}
          onPaste={onPaste}
          onInput={(event) => {
            composing.type(event.currentTarget.value);
            mentions.look();
            if (event.currentTarget.value !== '') typing(chat);
          }}
        />
        <EmojiButton field={field} />
        <VoiceButton chat={chat} />
        <IconButton
          icon={composing.editing.value ? 'stored' : 'send'}
          label={t(composing.editing.value ? 'composer.save' : 'composer.send')}
          keys="Enter"
          class="send-button"
          onClick={send}
        />
      </div>
    </form>
  );
}

function isBare({ key, altKey, ctrlKey, metaKey, shiftKey }: KeyboardEvent, wanted: string): boolean {
  return key === wanted && !altKey && !ctrlKey && !metaKey && !shiftKey;
}

/** Arrow-up changes the last thing that the person said. */
function editLast({ timeline, composing }: Stage): boolean {
  const last = timeline.view.peek().items.findLast((item) => item.kind === 'message' && mayEdit(item));
  if (last?.kind !== 'message' || last.stamp === undefined || composing.editing.peek()) return false;
  composing.edit(last);
  return true;
}

function EmojiButton({ field }: { readonly field: RefObject<HTMLTextAreaElement | null> }) {
  const { t } = useWords();
  const { composing } = useStage();
  const opener = useSignal<HTMLElement | undefined>(undefined);
  const put = (emoji: string): void => {
    const box = field.current;
    if (!box) return;
    const { selectionStart, selectionEnd, value } = box;
    composing.type(value.slice(0, selectionStart) + emoji + value.slice(selectionEnd));
    const at = selectionStart + emoji.length;
    opener.value = undefined;
    requestAnimationFrame(() => {
      box.focus();
      box.setSelectionRange(at, at);
    });
  };
  return (
    <>
      <IconButton
        icon="smile"
        label={t('composer.emoji')}
        class="composer-button"
        onClick={({ currentTarget }) =>
          (opener.value = currentTarget instanceof HTMLElement ? currentTarget : undefined)
        }
      />
      {opener.value && (
        <Popup
          opener={opener.value}
          role="dialog"
          label={t('composer.emoji')}
          class="emoji-popup"
          onClose={() => (opener.value = undefined)}
        >
          <EmojiPicker onChoose={put} />
        </Popup>
      )}
    </>
  );
}

/** Told before it is too late. */
function RoomNote({ left }: { readonly left: number }) {
  const { t } = useWords();
  if (left > MAX_TEXT / 10) return null;
  return (
    <p class={left < 0 ? 'note note-bad' : 'note'} role="status">
      {left < 0 ? t('composer.over', { count: -left }) : t('composer.left', { count: left })}
    </p>
  );
}

/** What could not even be queued: of what was written here, and of what was done to messages. */
function FailureNote({ stage: { composing } }: { readonly stage: Stage }) {
  const { actions } = useConversing();
  const words = useWords();
  const failure = composing.failure.value ?? actions.failure.value;
  if (!failure) return null;
  return (
    <p class="note note-bad" role="alert">
      {failureText(words, failure)}
    </p>
  );
}

/** A keyboard that covers half a phone comes only when it is asked for. */
function useFocus({ composing }: Stage, field: RefObject<HTMLTextAreaElement | null>): void {
  const { screen } = useApp();
  const { talk } = useConversing();
  const calls = composing.calls.value;
  useEffect(() => {
    const isFree = !screen.dialog.value && !talk.dialog.value;
    if (isFree && matchMedia('(hover: hover)').matches) field.current?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const box = field.current;
    if (calls === 0 || !box) return;
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }, [calls]);
}
