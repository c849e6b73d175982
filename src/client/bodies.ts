// Between opened events and the messages that users of the library see.
import type { FrameMessage, User } from '../protocols/lan/wire.ts';
import type { UserId } from '../realm/ids.ts';
import type { People } from './people.ts';
import type { Message } from './surface.ts';
import type { OpenedEvent } from './timeline/events.ts';

/** Opens; never rejects for what others sent. */
export type OpenBody = (message: FrameMessage) => Promise<OpenedEvent>;

/** Whether it stands in a conversation by itself; edits, reactions and the like change what does. */
export function isMessage({ content }: Pick<OpenedEvent, 'content'>): boolean {
  switch (content?.kind) {
    case undefined:
    case 'text':
    case 'file':
    case 'forward':
    case 'unknown':
      return true;
    default:
      return false;
  }
}

/** The message as the users of the library see it. */
export async function readMessage(
  message: Omit<FrameMessage, 'body'>,
  event: OpenedEvent,
  people: Pick<People, 'known' | 'byId'>,
  me: UserId,
): Promise<Message> {
  const person = (id: UserId) => personOf(id, people);
  const problem = event.problem ?? (event.content?.kind === 'unknown' ? 'content-unknown' : undefined);
  return {
    id: message.id,
    conversation: message.conversation,
    from: await person(message.sender),
    to: await Promise.all(message.recipients.map(person)),
    mine: message.sender === me,
    text: textOf(event),
    ...fileOf(event),
    ...(namesOne(event, me) && { mentionsMe: true }),
    ...(await forwardedIn(event, person)),
    sentAt: event.content?.sentAt ?? message.stamp.ms,
    ...(problem !== undefined && { problem }),
    stamp: message.stamp,
    path: message.path,
    state: message.state,
    ...(message.arrivedAt !== undefined && { arrivedAt: message.arrivedAt }),
  };
}

export function textOf({ content }: Pick<OpenedEvent, 'content'>): string | undefined {
  switch (content?.kind) {
    case 'text':
    case 'forward':
      return content.text;
    case 'file':
      return content.text ?? content.file.name;
    default:
      return undefined;
  }
}

/** What came with it, to be fetched. */
export function fileOf({ content }: Pick<OpenedEvent, 'content'>): Pick<Message, 'file'> {
  const file = content && 'file' in content ? content.file : undefined;
  return file ? { file } : {};
}

function namesOne({ content }: Pick<OpenedEvent, 'content'>, user: UserId): boolean {
  return content?.kind === 'text' && content.mentions?.includes(user) === true;
}

async function forwardedIn(
  { content }: Pick<OpenedEvent, 'content'>,
  person: (id: UserId) => Promise<User>,
): Promise<Pick<Message, 'forwardedFrom'>> {
  if (content?.kind !== 'forward') return {};
  return { forwardedFrom: { author: await person(content.author), writtenAt: content.writtenAt } };
}

export async function personOf(id: UserId, people: Pick<People, 'known' | 'byId'>): Promise<User> {
  return people.known(id) ?? (await people.byId(id).catch(() => undefined)) ?? nobody(id);
}

/** Somebody whom the directory no longer knows, or does not show. */
function nobody(id: UserId): User {
  return { id, address: '', name: '', kind: 'person' };
}
