// What a group's context says beyond RFC 9420: which conversation it is for, and who is in it with which role. Each epoch's keys
// derive from the context, so whoever has the keys agrees on both.
//
//   extensions = required_capabilities (our two types), 0xf0c2 conversation id (16 bytes), 0xf0c1 roster (../roster.ts)
//
// in that order and no others.
import { type Extension, encodeRequiredCapabilities } from 'ts-mls';
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { type ConversationId, directConversationId, idBytes, idText, parseConversationId } from '../../realm/ids.ts';
import { decodeRoster, encodeRoster, type Roster } from '../roster.ts';
import { CONVERSATION_EXTENSION, ROSTER_EXTENSION } from './suite.ts';

export interface ConversationContext {
  readonly conversation: ConversationId;
  readonly roster: Roster;
}

const REQUIRED = encodeRequiredCapabilities({
  extensionTypes: [ROSTER_EXTENSION, CONVERSATION_EXTENSION],
  proposalTypes: [],
  credentialTypes: ['basic'],
});

export function contextExtensions({ conversation, roster }: ConversationContext): Extension[] {
  return [
    { extensionType: 'required_capabilities', extensionData: REQUIRED },
    { extensionType: CONVERSATION_EXTENSION, extensionData: idBytes(conversation) },
    { extensionType: ROSTER_EXTENSION, extensionData: encodeRoster(roster) },
  ];
}

/** @throws PeerError `context-unsuitable`, `frame-malformed`, `roster-version`, `roster-unsuitable` */
export function readContext(extensions: readonly Extension[]): ConversationContext {
  const [required, conversation, roster] = extensions;
  const fits =
    extensions.length === 3 &&
    required?.extensionType === 'required_capabilities' &&
    equals(required.extensionData, REQUIRED) &&
    conversation?.extensionType === CONVERSATION_EXTENSION &&
    conversation.extensionData.length === 16 &&
    roster?.extensionType === ROSTER_EXTENSION;
  if (!fits) throw new PeerError('context-unsuitable', 'this is not the context of a conversation');
  const read = {
    conversation: parseConversationId(idText(conversation.extensionData)),
    roster: decodeRoster(roster.extensionData),
  };
  assertSuitable(read);
  return read;
}

/** A conversation of two has its id from its two; every group has an owner. @throws PeerError `roster-unsuitable` */
export function assertSuitable({ conversation, roster: { kind, members } }: ConversationContext): void {
  const [first, second = first] = members;
  if (kind === 'direct') {
    const theirs = first && second && members.length <= 2 && directConversationId(first.user, second.user);
    if (theirs !== conversation) throw new PeerError('roster-unsuitable', 'a direct conversation is of its two users');
  } else if (!members.some(({ role }) => role === 'owner')) {
    throw new PeerError('roster-unsuitable', 'a group without an owner');
  }
}
