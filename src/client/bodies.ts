// Between a body's bytes and what a person reads. The one place of the library that seals and opens.
import { open, seal } from '../crypto/sealing.ts';
import type { FrameMessage, User } from '../protocols/lan/wire.ts';
import { codeOf } from '../realm/errors.ts';
import type { ConversationId, DeviceId, MessageId, UserId } from '../realm/ids.ts';
import type { People } from './people.ts';
import type { Message } from './surface.ts';

export interface Draft {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly sentAt: number;
  readonly text: string;
}

export function sealDraft(draft: Draft): Promise<Uint8Array> {
  const { id, conversation, sender, device, sentAt, text } = draft;
  return seal({ kind: 'text', text, sentAt }, { message: id, conversation, sender, device });
}

type Opened = Pick<Message, 'text' | 'sentAt' | 'problem'>;

async function openBody(message: FrameMessage): Promise<Opened> {
  const { id, conversation, sender, device, stamp } = message;
  try {
    const content = await open(message.body, { message: id, conversation, sender, device });
    if (content.kind === 'text') return { text: content.text, sentAt: content.sentAt };
    return { text: undefined, sentAt: content.sentAt, problem: 'content-unknown' };
  } catch (error) {
    const problem = codeOf(error) === 'body-format' ? 'content-unknown' : 'content-unreadable';
    return { text: undefined, sentAt: stamp.ms, problem };
  }
}

/** The message as the users of the library see it. */
export async function readMessage(message: FrameMessage, people: People, me: UserId): Promise<Message> {
  const person = async (id: UserId) => people.known(id) ?? (await people.byId(id).catch(() => undefined)) ?? nobody(id);
  return {
    id: message.id,
    conversation: message.conversation,
    from: await person(message.sender),
    to: await Promise.all(message.recipients.map(person)),
    mine: message.sender === me,
    ...(await openBody(message)),
    stamp: message.stamp,
    path: message.path,
    state: message.state,
    ...(message.arrivedAt !== undefined && { arrivedAt: message.arrivedAt }),
  };
}

/** Somebody whom the directory no longer knows, or does not show. */
function nobody(id: UserId): User {
  return { id, address: '', name: '', kind: 'person' };
}
