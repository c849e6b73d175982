// What both forms of the terminal chat look up and do alike: people by their addresses, messages by their ids, what one is asked to forward.
import { type Client, english, type ShownMessage, sentenceOf } from '../../src/client/client.ts';
import { InputError, RefusedError } from '../../src/realm/errors.ts';
import { type ConversationId, type MessageId, parseConversationId, type UserId } from '../../src/realm/ids.ts';
import type { accountOf } from './chat-keys.ts';

/** @throws RefusedError `user-unknown` */
export async function idOf(client: Client, address: string): Promise<UserId> {
  const user = await client.findUser(address);
  if (!user) throw new RefusedError('user-unknown', sentenceOf(english, 'user-unknown', { address }));
  return user.id;
}

/** Also of somebody who can't be found any more: by the id that the list of the blocked shows then. @throws RefusedError `user-unknown` */
export async function blockedIdOf(client: Client, named: string): Promise<UserId> {
  const blocked = await client.contacts.blocked();
  const found = blocked.find(({ user }) => user.address === named || user.id === named);
  return found?.user.id ?? idOf(client, named);
}

/** Of `user@realm` the conversation of two. @throws RefusedError `user-unknown`; InputError `bad-user-address`, `bad-id` */
export async function conversationOf(client: Client, named: string): Promise<ConversationId> {
  if (!named.includes('@')) return parseConversationId(named);
  const user = await client.findUser(named);
  if (!user) throw new RefusedError('user-unknown', sentenceOf(english, 'user-unknown', { address: named }));
  return client.conversationWith(user);
}

export interface MessagePlace {
  readonly conversation: ConversationId;
  readonly id: MessageId;
}

/** As far back as this device holds the conversation. @throws RefusedError `message-unknown` */
export async function messageAt(client: Client, { conversation, id }: MessagePlace): Promise<ShownMessage> {
  const timeline = await client.timeline(conversation);
  try {
    for (;;) {
      // An item is as the last view shows it.
      timeline.view();
      const item = timeline.item(id);
      if (item?.kind === 'message') return item;
      if (!(await timeline.older())) break;
    }
  } finally {
    timeline.close();
  }
  throw new RefusedError('message-unknown', sentenceOf(english, 'message-unknown'));
}

/** The newest that are there, oldest first; `most` at most. */
export async function newestMessages(
  client: Client,
  conversation: ConversationId,
  most: number,
  fits: (message: ShownMessage) => boolean = () => true,
): Promise<readonly ShownMessage[]> {
  const timeline = await client.timeline(conversation);
  try {
    for (;;) {
      const messages = timeline.view().items.filter((item) => item.kind === 'message');
      const found = messages.filter((message) => message.deletedBy === undefined && fits(message));
      if (found.length >= most || !(await timeline.older())) return found.slice(-most);
    }
  } finally {
    timeline.close();
  }
}

/** Oldest first; those that this device holds. */
export async function pinnedMessages(client: Client, conversation: ConversationId): Promise<readonly ShownMessage[]> {
  const timeline = await client.timeline(conversation);
  try {
    while (await timeline.older());
    const { pinned } = timeline.view();
    return pinned.flatMap((id) => {
      const item = timeline.item(id);
      return item?.kind === 'message' ? [item] : [];
    });
  } finally {
    timeline.close();
  }
}

/**
 * The author's name goes along, as the forwarder's word.
 * @throws RefusedError `message-unknown`, `conversation-unknown`; InputError `message-unknown` when nothing is left of it
 */
export async function forwardMessage(client: Client, place: MessagePlace, into: ConversationId): Promise<void> {
  const { text = '', file, forwardedFrom, sender, sentAt, deletedBy } = await messageAt(client, place);
  if (deletedBy !== undefined || (text === '' && !file)) {
    throw new InputError('message-unknown', 'There is nothing left of this message to forward.');
  }
  const { author, writtenAt } = forwardedFrom ?? { author: sender, writtenAt: sentAt };
  await client.act(into, { kind: 'forward', author, writtenAt, text, ...(file && { file }) });
}

interface PrivacyWish {
  readonly receipts?: boolean | undefined;
  readonly presence?: boolean | undefined;
}

/** What is not wished otherwise stays. @returns as it is then */
export async function setPrivacy(
  account: Pick<ReturnType<typeof accountOf>, 'privacy' | 'setPrivacy'>,
  { receipts, presence }: PrivacyWish,
): ReturnType<ReturnType<typeof accountOf>['privacy']> {
  const now = await account.privacy();
  if (receipts === undefined && presence === undefined) return now;
  return account.setPrivacy({ receipts: receipts ?? now.receipts, presence: presence ?? now.presence });
}
