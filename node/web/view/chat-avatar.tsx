// How a conversation is drawn: as its person, or as a group.
import type { Chat } from '../model/chat.ts';
import { colourOf } from '../model/person-look.ts';
import { Icon } from './icon.tsx';
import { Painted } from './painted.tsx';
import { Avatar } from './person.tsx';

interface ChatAvatarProps {
  readonly chat: Chat;
  readonly large?: boolean;
  readonly presence?: boolean;
}

export function ChatAvatar({ chat, large = false, presence = false }: ChatAvatarProps) {
  if (chat.person) return <Avatar user={chat.person} large={large} presence={presence} />;
  const picture = chat.picture?.length ? chat.picture : undefined;
  return (
    <span class={`avatar avatar-group person-${colourOf(chat.id)} ${large ? 'avatar-large' : ''}`} aria-hidden="true">
      <Painted key={chat.id} picture={picture} otherwise={<Icon name="people" />} />
    </span>
  );
}
