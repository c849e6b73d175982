// Which events of a conversation count, by the table of rights (src/crypto/mls/rights.ts).
import { roleMay } from '../../crypto/mls/rights.ts';
import type { RosterKind } from '../../crypto/roster.ts';
import type { OpenedEvent } from './events.ts';

/** Whether the event counts at all: what its sender may not do is as if it had not been sent. */
export function counts(kind: RosterKind, { role, sender, content }: OpenedEvent): boolean {
  switch (content?.kind) {
    case undefined:
    case 'text':
    case 'file':
    case 'forward':
    case 'unknown':
      return roleMay(kind, role, 'write');
    case 'pin':
      return roleMay(kind, role, 'pin');
    case 'profile':
      return roleMay(kind, role, 'describe');
    case 'timer':
      return roleMay(kind, role, 'set-timer');
    case 'note':
      if (content.what === 'left') return content.users.length === 1 && content.users[0] === sender;
      return roleMay(kind, role, 'remove-member');
    // Whose they are decides about these (effects.ts).
    case 'edit':
    case 'delete':
    case 'reaction':
      return true;
  }
}
