// How a person is shown: initials on the person's colour, a dot when there, presence in words.
import type { User } from '../../../src/client/client.ts';
import { colourOf, initialsOf } from '../model/person-look.ts';
import { presenceText } from '../model/presence-text.ts';
import { useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';
import { Painted } from './painted.tsx';

interface AvatarProps {
  readonly user: User;
  readonly large?: boolean;
  /** Draws the dot of presence. */
  readonly presence?: boolean;
}

export function Avatar({ user, large = false, presence = false }: AvatarProps) {
  return (
    <span class={`avatar person-${colourOf(user.id)} ${large ? 'avatar-large' : ''}`} aria-hidden="true">
      {user.photo === undefined ? <Initials user={user} /> : <Photo key={user.photo} user={user} />}
      {presence && <PresenceDot user={user} />}
    </span>
  );
}

function Initials({ user }: { readonly user: User }) {
  return <>{initialsOf(user.name) || initialsOf(user.address) || <Icon name="person" />}</>;
}

/** Initials until the photo is here, and for good where it does not come. */
function Photo({ user }: { readonly user: User }) {
  const picture = useWorkspace().photos.of(user)?.value;
  return <Painted picture={picture} otherwise={<Initials user={user} />} />;
}

function PresenceDot({ user }: { readonly user: User }) {
  const { state } = useWorkspace().people.presenceOf(user).value;
  return state === 'online' ? <span class="presence-dot" /> : null;
}

export function PresenceText({ user }: { readonly user: User }) {
  const { people } = useWorkspace();
  const presence = people.presenceOf(user).value;
  const tone = presence.typing || presence.state === 'online' ? 'presence presence-there' : 'presence';
  return <span class={tone}>{presenceText(useWords(), presence, people.now.value)}</span>;
}
