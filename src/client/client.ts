// The client library, exported as `canopy/client`: everything that a client of a node needs, without a screen. It runs
// in a browser and in Node. Used by the web client, the terminal client, bots and tests.
import { SignedClient } from './signed-client.ts';
import type { Client, ClientInit } from './surface.ts';

export { type TextRoom, textRoom } from '../crypto/content-room.ts';
export type { FileCard } from '../crypto/files/file-card.ts';
export { PASSWORD_LENGTH, type PasswordProblem, passwordProblem } from '../crypto/password-rule.ts';
export type { ErrorParams, ServerAnswer, SessionForm } from '../protocols/lan/routes.ts';
export type { Island, Route, Stamp, User, WayLeg, WayStep } from '../protocols/lan/wire.ts';
export { type Catalogue, sentenceOf } from './catalogue/catalogue.ts';
export { english } from './catalogue/en.ts';
export type { OpenTimeline } from './chats.ts';
export type { Contacts } from './contacts.ts';
export { paramsOf } from './failure.ts';
export type { FileSink, FileSource, Progress } from './files/places.ts';
export type { SearchHit } from './finding.ts';
export type { GroupMembers, Groups, NewGroupRequest, Outcome } from './groups.ts';
export { mentionedIn } from './mentions.ts';
export type { PendingChange } from './pending-changes.ts';
export type { Draft } from './personal/forms.ts';
export type { ClientStorage, HttpAnswer, HttpFetch, HttpInit, LiveSocket, OpenSocket } from './platform.ts';
export type {
  Act,
  Client,
  ClientEvents,
  ClientInit,
  ConnectionState,
  Conversation,
  Explanation,
  HistoryPage,
  Islands,
  LoginOptions,
  LogoutOptions,
  Me,
  Message,
  Passwords,
  Queued,
  SendRequest,
  StateChange,
} from './surface.ts';
export type { MessageState } from './timeline/events.ts';
export type { ShownLine, ShownMessage, Timeline } from './timeline/view.ts';

/** Milliseconds after which a "typing" that was not repeated is over: as long as the nodes themselves let one last. */
export const TYPING_LASTS = 6000;

export function createClient(init: ClientInit): Client {
  return new SignedClient(init);
}
