// What the list of conversations says of a message, whether it was told by the server or is shown from what this device holds.
import type { Message } from '../../../src/client/client.ts';
import type { MessageId, UserId } from '../../../src/realm/ids.ts';
import type { ShownItem, ShownMessage } from './timeline.ts';

export interface Said {
  readonly id: MessageId;
  readonly sender: UserId;
  readonly mine: boolean;
  readonly state: ShownMessage['state'];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text?: string | undefined;
  readonly problem?: string | undefined;
  readonly isDeleted: boolean;
}

/** When a message counts as said: by the node's stamp, which all clocks are measured against, else by the sender. */
export function saidAt({ stamp, sentAt }: Pick<ShownMessage, 'stamp' | 'sentAt'>): number {
  return stamp?.ms ?? sentAt;
}

export function saidIn(message: Message): Said {
  const { id, from, mine, state, text, problem } = message;
  return { id, sender: from.id, mine, state, at: saidAt(message), text, problem, isDeleted: false };
}

/** The newest message of what is shown. */
export function lastSaid(items: readonly ShownItem[]): Said | undefined {
  const last = items.findLast((item) => item.kind === 'message');
  if (!last) return undefined;
  const { id, sender, mine, state, text = last.file?.name, problem, deletedBy } = last;
  return { id, sender, mine, state, at: saidAt(last), text, problem, isDeleted: deletedBy !== undefined };
}
