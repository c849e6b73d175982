// How a conversation is drawn: as its person, or as a group.
import type { Chat } from '../model/chat.ts';
import { colourOf } from '../model/person-look.ts';
import { pictureSize } from '../model/picture-size.ts';
import { Icon } from './icon.tsx';
import { Avatar } from './person.tsx';
import { PreviewCanvas } from './preview-canvas.tsx';

/** Points of a side; what its own head says to be larger is not painted. */
const SIDE = 144;
const MOST = 512;

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
      {picture ? <Painted key={chat.id} picture={picture} /> : <Icon name="people" />}
    </span>
  );
}

/** Bytes of a stranger never become an address or markup. */
function Painted({ picture }: { readonly picture: Uint8Array }) {
  const size = pictureSize(picture);
  if (!size || size.width > MOST || size.height > MOST) return <Icon name="people" />;
  return <PreviewCanvas preview={{ bytes: picture, type: '', width: SIDE, height: SIDE }} />;
}
