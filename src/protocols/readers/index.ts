// The errand `message-readers` (../errand): the node of who wrote a message to a large group asks a realm with members how far each of
// them is. In groups up to 50 members every sender is told by receipts; in larger ones this is asked when somebody wants to know.
//
//   question   [1, conversation, message id, sender]
//   answer     [1, [[user id, 'delivered' | 'read'], …]]   who is not so far is left out
//
// It is answered to the realm that the sender is of, and to no other. Who hides it, or whose realm's policy does, is left out, or said
// to have the message alone. Refusals: `message-unknown`, `foreign-sender`, `readers-rate` (100 at once of one origin, and then 2 a
// second), `malformed`.
import {
  type ConversationId,
  idBytes,
  idText,
  type MessageId,
  parseConversationId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../realm/ids.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';

export const READERS_ERRAND = 'message-readers';
const VERSION = 1;
const UUID = 16;
/** Members of a group. */
const MAX_READERS = 1000;
const STATES = ['delivered', 'read'] as const;

export interface ReadersQuestion {
  readonly conversation: ConversationId;
  readonly message: MessageId;
  readonly sender: UserId;
}

export interface Reader {
  readonly user: UserId;
  readonly state: (typeof STATES)[number];
}

export function encodeReadersQuestion({ conversation, message, sender }: ReadersQuestion): Uint8Array {
  return encodeFields([VERSION, idBytes(conversation), idBytes(message), idBytes(sender)]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeReadersQuestion(bytes: Uint8Array): ReadersQuestion {
  return decodeFields(bytes, 'question for readers', (reader) => {
    reader.version(VERSION);
    return {
      conversation: parseConversationId(idText(reader.bytes(UUID, UUID))),
      message: parseMessageId(idText(reader.bytes(UUID, UUID))),
      sender: parseUserId(idText(reader.bytes(UUID, UUID))),
    };
  });
}

export function encodeReaders(readers: readonly Reader[]): Uint8Array {
  return encodeFields([VERSION, readers.map(({ user, state }) => [idBytes(user), state])]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeReaders(bytes: Uint8Array): Reader[] {
  return decodeFields(bytes, 'readers', (reader) => {
    reader.version(VERSION);
    return reader.list(MAX_READERS, (item) => {
      const row = item.nested();
      const read = { user: parseUserId(idText(row.bytes(UUID, UUID))), state: row.oneOf(STATES) };
      row.end();
      return read;
    });
  });
}
