// Where a message is written: Enter sends, Shift+Enter breaks the line; what is typed survives a reload.
import { useEffect, useRef } from 'preact/hooks';
import type { Chat } from '../model/chats.ts';
import { MAX_TEXT, roomLeft } from '../model/message-length.ts';
import { useApp, useWords, useWorkspace } from './context.ts';
import { IconButton } from './icon.tsx';

export function Composer({ chat }: { readonly chat: Chat }) {
  const { chats, drafts, typing } = useWorkspace();
  const { t } = useWords();
  const field = useRef<HTMLTextAreaElement>(null);
  const text = drafts.of(chat.id).value;
  const left = roomLeft(text);
  useFocusWhenOpened(field);

  const send = (): void => {
    if (text.trim() === '' || left < 0) return;
    drafts.set(chat.id, '');
    void chats.send(chat, text.trim());
    field.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <RoomNote left={left} />
      <div class={left < 0 ? 'composer-box composer-over' : 'composer-box'}>
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={t('composer.label', { name: chat.person.name })}
          placeholder={t('composer.placeholder', { name: chat.person.name })}
          value={text}
          onKeyDown={onKey}
          onInput={(event) => {
            drafts.set(chat.id, event.currentTarget.value);
            if (event.currentTarget.value !== '') typing(chat.person);
          }}
        />
        <IconButton icon="send" label={t('composer.send')} keys="Enter" class="send-button" onClick={send} />
      </div>
    </form>
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

/** A keyboard that covers half a phone comes only when it is asked for. */
function useFocusWhenOpened(field: { readonly current: HTMLTextAreaElement | null }): void {
  const { screen } = useApp();
  useEffect(() => {
    if (!screen.dialog.value && matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);
}
