// What clients are shown of users and messages: from the node's own forms to those of the LAN API, and not a field more.
import { toString } from 'uint8arrays/to-string';
import { MAX_LISTED_MEMBERS } from '../../src/protocols/lan/limits.ts';
import type { ConversationEntry } from '../../src/protocols/lan/routes.ts';
import type { FrameMessage, GroupView, JsonMessage, User, WayLeg } from '../../src/protocols/lan/wire.ts';
import type { UserId } from '../../src/realm/ids.ts';
import { formatUserAddress } from '../../src/realm/user-address.ts';
import type { ConversationSummary, LoggedMessage } from '../conversations/conversations.ts';
import type { GroupState } from '../conversations/group-state.ts';
import type { RouteLeg } from '../delivery/delivery.ts';
import type { UserProfile } from '../directory/directory.ts';
import type { LanDirectory } from './components.ts';

export function viewUser(profile: UserProfile): User {
  const { id, address, name, kind, photo, department } = profile;
  const shown = { ...(photo !== undefined && { photo }), ...(department !== undefined && { department }) };
  return { id, address: formatUserAddress(address), name, kind, ...shown };
}

/** Somebody who wrote once and is no longer in the directory keeps the id, without a name. */
export function viewUserById(directory: LanDirectory, id: UserId): User {
  const profile = directory.findById(id);
  return profile ? viewUser(profile) : { id, address: '', name: '', kind: 'person' };
}

function viewHeader(message: LoggedMessage) {
  const { id, conversation, sender, device, recipients, expires } = message.envelope;
  const { stamp, state, path, arrivedAt } = message;
  const { ms, counter } = stamp;
  return {
    id,
    conversation,
    sender,
    device,
    recipients: [...recipients],
    stamp: { ms, counter },
    expires,
    state,
    path,
    arrivedAt,
  };
}

export function viewFrameMessage(message: LoggedMessage): FrameMessage {
  return { ...viewHeader(message), body: message.envelope.body };
}

export function viewJsonMessage(message: LoggedMessage): JsonMessage {
  return { ...viewHeader(message), body: toString(message.envelope.body, 'base64url') };
}

export function viewLeg({ realm, way, state, steps, stuck }: RouteLeg): WayLeg {
  const told = steps.map((step) => ({ ...step }));
  return stuck ? { realm, way, state, steps: told, stuck: { ...stuck } } : { realm, way, state, steps: told };
}

/** Everybody whom the messages name, once. */
export function viewPeople(directory: LanDirectory, messages: readonly LoggedMessage[]): User[] {
  const ids = new Set(messages.flatMap(({ envelope }) => [envelope.sender, ...envelope.recipients]));
  return [...ids].map((id) => viewUserById(directory, id));
}

export function viewGroup(state: GroupState, user: UserId): GroupView {
  const { group, kind, home, term, epoch, members } = state;
  const role = members.get(user)?.role;
  return { id: group, kind, home, term, epoch, members: members.size, ...(role && { role }) };
}

export function viewConversation(
  directory: LanDirectory,
  summary: ConversationSummary,
  user: UserId,
): ConversationEntry {
  const isLarge = summary.group !== undefined && summary.members.length > MAX_LISTED_MEMBERS;
  return {
    id: summary.id,
    members: isLarge ? [] : summary.members.map((id) => viewUserById(directory, id)),
    ...(summary.group && { group: viewGroup(summary.group, user) }),
    unread: summary.unread,
    ...(summary.last && { last: viewJsonMessage(summary.last) }),
    ...(summary.lastRead && { lastRead: summary.lastRead }),
  };
}
