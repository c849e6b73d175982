// Who is in a group, with which role, and what can be done about each.
import { useSignal } from '@preact/signals';
import type { MemberRole, RosterMember } from '../../../src/crypto/roster.ts';
import type { Chat } from '../model/chat.ts';
import { type Failure, failureOf } from '../model/failure-text.ts';
import { groupFailure } from '../model/group-failure.ts';
import { whereIs } from '../model/person-look.ts';
import type { TextKey } from '../text/texts.ts';
import { Button } from './button.tsx';
import { useConversing, useWords, useWorkspace } from './context.ts';
import { IconButton } from './icon.tsx';
import { ListRow } from './list-row.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { Avatar } from './person.tsx';

export function MemberList({ chat }: { readonly chat: Chat }) {
  const words = useWords();
  const { t } = words;
  const { members, talk } = useConversing();
  const failure = useSignal<Failure | undefined>(undefined);
  const group = members.of(chat.id).value;
  const order = ['owner', 'administrator', 'member'] as const;
  const sorted = group?.members.toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role)) ?? [];
  return (
    <section class="members" aria-label={t('group.members')}>
      <h3>{t('group.members')}</h3>
      {failure.value && (
        <p class="note note-bad" role="alert">
          {groupFailure(words, failure.value)}
        </p>
      )}
      <ul>
        {sorted.map((member) => (
          <MemberRow
            key={member.user}
            chat={chat}
            member={member}
            isPending={group?.pending.some(({ subject }) => subject === member.user) === true}
            onFailure={(error) => (failure.value = failureOf(error))}
          />
        ))}
      </ul>
      {members.mayI(chat.id, 'invite') && (
        <Button icon="plus" onClick={() => talk.show({ kind: 'invite', chat })}>
          {t('group.invite')}
        </Button>
      )}
    </section>
  );
}

interface MemberRowProps {
  readonly chat: Chat;
  readonly member: RosterMember;
  readonly isPending: boolean;
  onFailure(error: unknown): void;
}

function MemberRow({ chat, member, isPending, onFailure }: MemberRowProps) {
  const { me, people } = useWorkspace();
  const { t } = useWords();
  const opener = useSignal<HTMLElement | undefined>(undefined);
  const user = member.user === me.id ? me : people.person(member.user).value;
  const name = user?.name ?? t('person.unknown');
  const items = useItems(chat, member, name, onFailure);
  const role = t(`group.${member.role}`);
  return (
    <ListRow
      lead={user && <Avatar user={user} presence={user.id !== me.id} />}
      title={member.user === me.id ? `${name} (${t('group.you')})` : name}
      note={[user && whereIs(user), role, isPending && t('group.pending')].filter(Boolean).join(' · ')}
      end={
        items.length > 0 && (
          <>
            <IconButton
              icon="more"
              label={t('group.memberActions', { name })}
              onClick={({ currentTarget }) => {
                opener.value = currentTarget instanceof HTMLElement ? currentTarget : undefined;
              }}
            />
            {opener.value && (
              <Menu
                opener={opener.value}
                label={t('group.memberActions', { name })}
                items={items}
                onClose={() => (opener.value = undefined)}
              />
            )}
          </>
        )
      }
    />
  );
}

const ROLE_TEXTS: Readonly<Record<MemberRole, TextKey>> = {
  owner: 'group.makeOwner',
  administrator: 'group.makeAdministrator',
  member: 'group.makeMember',
};

function useItems(
  chat: Chat,
  member: RosterMember,
  name: string,
  onFailure: (error: unknown) => void,
): readonly MenuItem[] {
  const { me, chats, people } = useWorkspace();
  const { t } = useWords();
  const { groups, members } = useConversing();
  const user = people.person(member.user).value;
  if (member.user === me.id) return [];
  const mayGive = members.mayI(chat.id, 'give-roles');
  const mayRemove = members.mayI(chat.id, member.role === 'member' ? 'remove-member' : 'give-roles');
  const roles = (['owner', 'administrator', 'member'] as const).filter((role) => mayGive && role !== member.role);
  return [
    ...(user
      ? [{ icon: 'person', label: t('group.write', { name }), onChoose: () => chats.begin(user) } as const]
      : []),
    ...roles.map((role) => ({
      icon: 'shield' as const,
      label: t(ROLE_TEXTS[role]),
      onChoose: () => void groups.setRole(chat.id, member.user, role).catch(onFailure),
    })),
    ...(mayRemove
      ? [
          {
            icon: 'delete' as const,
            label: t('group.remove'),
            danger: true,
            onChoose: () => void groups.remove(chat.id, member.user).catch(onFailure),
          },
        ]
      : []),
  ];
}
