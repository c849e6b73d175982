// What conversations ask of groups: who is in one, and where. node/groups keeps it.
import type { ConversationId, UserId } from '../../src/realm/ids.ts';
import type { Delivered, JudgedElsewhere } from './delivered.ts';
import type { GroupState } from './group-state.ts';

export interface Rosters {
  /** Undefined: this realm knows no group of that conversation. */
  find(conversation: ConversationId): Promise<GroupState | undefined>;
  /** Whether a message of somebody who is not on the roster may still come late: it was written before its realm knew of the removal. */
  mayBeLate(conversation: ConversationId, user: UserId, stampedAt: number): Promise<boolean>;
  /** Keeps a message that this realm's roster is too old for: its sender is not on it yet, or its epoch is a later one. */
  hold(item: Delivered): Promise<JudgedElsewhere>;
}
