// What a role allows in a conversation, as far as the timeline has to know it. The table for changes of members stands beside
// the checks of commits (src/crypto/mls); this one is about what people write.
import { type MemberRole, mayWrite, type RosterKind } from '../../crypto/roster.ts';
import type { OpenedEvent } from './events.ts';

type Act = 'write' | 'pin' | 'change-profile' | 'set-timer' | 'delete-of-others' | 'note-members';

/** In a conversation of two each deletes only what is their own. */
export function may(kind: RosterKind, role: MemberRole, act: Act): boolean {
  const leads = role === 'owner' || role === 'administrator';
  switch (act) {
    case 'write':
      return mayWrite({ kind }, role);
    case 'pin':
      return kind === 'direct' || leads;
    case 'set-timer':
      return kind === 'direct' || leads;
    case 'change-profile':
    case 'delete-of-others':
    case 'note-members':
      return kind !== 'direct' && leads;
  }
}

/** Whether the event counts at all: what its sender may not do is as if it had not been sent. */
export function counts(kind: RosterKind, { role, sender, content }: OpenedEvent): boolean {
  switch (content?.kind) {
    case undefined:
    case 'text':
    case 'file':
    case 'forward':
    case 'unknown':
      return may(kind, role, 'write');
    case 'pin':
      return may(kind, role, 'pin');
    case 'profile':
      return may(kind, role, 'change-profile');
    case 'timer':
      return may(kind, role, 'set-timer');
    case 'note':
      if (content.what === 'left') return content.users.length === 1 && content.users[0] === sender;
      return may(kind, role, 'note-members');
    // Whose they are decides about these (effects.ts).
    case 'edit':
    case 'delete':
    case 'reaction':
      return true;
  }
}
