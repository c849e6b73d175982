// What can be settled about a conversation, at the foot of its details.

import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import { timerFact } from '../model/timer-choices.ts';
import { sourceOf } from '../page-files.ts';
import { useConversing, useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

interface Settling {
  readonly icon: IconName;
  readonly label: string;
  readonly isDanger?: boolean;
  onChoose(): void;
}

export function ContactSettling({ chat }: { readonly chat: Chat }) {
  const input = useRef<HTMLInputElement>(null);
  const settlings = useSettlings(chat, () => input.current?.click());
  return (
    <>
      <TimerNote chat={chat} />
      {!chat.person && <PictureInput chat={chat} input={input} />}
      <ul class="settlings">
        {settlings.map(({ icon, label, isDanger, onChoose }) => (
          <li key={label}>
            <button type="button" class={isDanger ? 'menu-item menu-item-danger' : 'menu-item'} onClick={onChoose}>
              <Icon name={icon} />
              <span>{label}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface PictureInputProps {
  readonly chat: Chat;
  readonly input: RefObject<HTMLInputElement | null>;
}

function PictureInput({ chat, input }: PictureInputProps) {
  const { t } = useWords();
  const { actions } = useConversing();
  const { files } = useWorkspace();
  const choose = async (file: File): Promise<void> => {
    const picture = await files.page.groupPicture(sourceOf(file));
    if (picture) actions.setPicture(chat, picture);
    else actions.pictureUnreadable();
  };
  return (
    <input
      ref={input}
      type="file"
      accept="image/*"
      hidden
      aria-label={t('group.picture')}
      onChange={({ currentTarget }) => {
        const [file] = currentTarget.files ?? [];
        currentTarget.value = '';
        if (file) void choose(file);
      }}
    />
  );
}

/** For those who may not change it. */
function TimerNote({ chat }: { readonly chat: Chat }) {
  const words = useWords();
  const { members } = useConversing();
  const { chats } = useWorkspace();
  const { timer } = chats.timelineOf(chat).view.value;
  if (timer === 0 || chat.person || members.mayI(chat.id, 'set-timer')) return null;
  return <p class="note">{timerFact(words, timer)}</p>;
}

function useSettlings(chat: Chat, choosePicture: () => void): readonly Settling[] {
  const words = useWords();
  const { t } = words;
  const { chats } = useWorkspace();
  const { talk, contacts, members, actions } = useConversing();
  const { person } = chat;
  const timer: Settling = {
    icon: 'queued',
    label: timerFact(words, chats.timelineOf(chat).view.value.timer),
    onChoose: () => talk.show({ kind: 'timer', chat }),
  };
  const isPinned = chat.pin !== undefined;
  const pin: Settling = {
    icon: 'pin',
    label: t(isPinned ? 'rail.unpin' : 'rail.pin'),
    onChoose: () => chats.setPinned(chat, !isPinned),
  };
  const ask = (kind: 'clear' | 'remove' | 'block' | 'leave' | 'rename') => () => talk.show({ kind, chat });
  const clear: Settling = { icon: 'delete', label: t('contact.clear'), isDanger: true, onChoose: ask('clear') };
  if (!person) {
    const rename: Settling = { icon: 'edit', label: t('group.rename'), onChoose: ask('rename') };
    const leave: Settling = { icon: 'leave', label: t('group.leave'), isDanger: true, onChoose: ask('leave') };
    const picture: Settling = { icon: 'picture', label: t('group.picture'), onChoose: choosePicture };
    const noPicture: Settling = {
      icon: 'close',
      label: t('group.noPicture'),
      onChoose: () => actions.setPicture(chat, new Uint8Array()),
    };
    const pictures = chat.picture?.length ? [picture, noPicture] : [picture];
    const isIn = !members.isOut(chat.id);
    const mine = [
      ...(members.mayI(chat.id, 'set-timer') ? [timer] : []),
      ...(members.mayI(chat.id, 'describe') ? [rename, ...pictures] : []),
    ];
    return [pin, ...mine, clear, ...(isIn ? [leave] : [])];
  }
  const isBlocked = contacts.blocked.value.has(person.id);
  const block: Settling = isBlocked
    ? {
        icon: 'block',
        label: t('contact.unblock'),
        onChoose: () => void contacts.unblock(person).catch(() => undefined),
      }
    : { icon: 'block', label: t('contact.block'), isDanger: true, onChoose: ask('block') };
  return [
    pin,
    timer,
    clear,
    { icon: 'close', label: t('contact.remove'), isDanger: true, onChoose: ask('remove') },
    block,
  ];
}
