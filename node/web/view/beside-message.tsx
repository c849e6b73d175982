// What opens beside a message: its menu, the choice of a reaction, its path, who has read it.
import { useRef } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { useConversing, useWords } from './context.ts';
import { EmojiPicker } from './emoji-picker.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { mayEdit } from './message-keys.ts';
import { PathView } from './path-view.tsx';
import { Popup } from './popup.tsx';
import { ReadersView } from './readers-view.tsx';
import { type BesideMessage, type Shown, type Stage, useStage } from './stage.ts';

export function BesideMessageView() {
  const stage = useStage();
  const beside = stage.beside.value;
  if (!beside) return null;
  return <BesideView key={beside.turn} beside={beside} stage={stage} />;
}

function BesideView({ beside, stage }: { readonly beside: Shown; readonly stage: Stage }) {
  const { t } = useWords();
  const { actions } = useConversing();
  const items = useItems(beside, stage);
  const { kind, opener } = beside;
  // what it shows follows the message while it is open
  const message = stage.timeline.message(beside.message.id) ?? beside.message;
  const hide = useRef(() => stage.hide(beside)).current;
  switch (kind) {
    case 'menu':
      return <Menu opener={opener} label={t('message.actions')} items={items} onClose={hide} />;
    case 'path':
      return (
        <Popup opener={opener} role="dialog" label={t('route.title')} onClose={hide}>
          <PathView message={message} />
        </Popup>
      );
    case 'readers':
      return (
        <Popup opener={opener} role="dialog" label={t('message.readers')} onClose={hide}>
          <ReadersView message={message} chat={stage.chat} />
        </Popup>
      );
    case 'react':
      return (
        <Popup opener={opener} role="dialog" label={t('message.react')} class="emoji-popup" onClose={hide}>
          <EmojiPicker
            onChoose={(emoji) => {
              hide();
              actions.react(stage.chat, message, emoji);
            }}
          />
        </Popup>
      );
  }
}

function useItems({ message, opener }: BesideMessage, stage: Stage): readonly MenuItem[] {
  const { t } = useWords();
  const { actions, members, talk } = useConversing();
  const { chat, composing } = stage;
  const may = rightsOf(chat, message, members);
  const open = (kind: BesideMessage['kind']) => () => stage.show({ kind, message, opener });
  const items: (MenuItem | false)[] = [
    may.answer && { icon: 'reply', label: t('message.reply'), onChoose: () => composing.reply(message) },
    may.react && { icon: 'smile', label: t('message.react'), onChoose: open('react') },
    may.edit && { icon: 'edit', label: t('message.edit'), onChoose: () => composing.edit(message) },
    may.copy && { icon: 'copy', label: t('message.copy'), onChoose: () => copy(message) },
    may.forward && {
      icon: 'forward',
      label: t('message.forward'),
      onChoose: () => talk.show({ kind: 'forward', message }),
    },
    may.pin && {
      icon: 'pin',
      label: t(message.pinned ? 'message.unpin' : 'message.pin'),
      onChoose: () => actions.pin(chat, message),
    },
    message.mine && !chat.person && { icon: 'eye', label: t('message.readers'), onChoose: open('readers') },
    { icon: 'route', label: t('route.title'), onChoose: open('path') },
    may.report && {
      icon: 'alert',
      label: t('report.menu'),
      onChoose: () => talk.show({ kind: 'report', message, chat }),
    },
    {
      icon: 'delete',
      label: t('message.delete'),
      danger: true,
      onChoose: () => talk.show({ kind: 'delete', message, chat }),
    },
  ];
  return items.filter((item) => item !== false);
}

export interface MessageRights {
  readonly answer: boolean;
  readonly react: boolean;
  readonly edit: boolean;
  readonly copy: boolean;
  readonly forward: boolean;
  readonly pin: boolean;
  readonly report: boolean;
  readonly deleteForAll: boolean;
}

interface Rights {
  mayI(id: Chat['id'], act: 'write' | 'pin' | 'delete-of-others'): boolean;
}

/** What has not reached the server yet can't be built upon. */
export function rightsOf(chat: Chat, message: ShownMessage, members: Rights): MessageRights {
  const isThere = message.stamp !== undefined && message.deletedBy === undefined;
  const isReadable = isThere && message.problem === undefined;
  const isOfTwo = chat.person !== undefined;
  return {
    answer: isReadable && (isOfTwo || members.mayI(chat.id, 'write')),
    react: isReadable,
    edit: isThere && mayEdit(message),
    copy: message.text !== undefined,
    forward: isReadable,
    pin: isReadable && (isOfTwo || members.mayI(chat.id, 'pin')),
    report: isReadable && !message.mine,
    deleteForAll: isThere && (message.mine || (!isOfTwo && members.mayI(chat.id, 'delete-of-others'))),
  };
}

function copy({ text = '' }: ShownMessage): void {
  // refused where the page has no right to: then the person selects and copies by hand
  navigator.clipboard.writeText(text).catch(() => undefined);
}
