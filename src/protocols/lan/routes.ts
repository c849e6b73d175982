// Requests and answers of the HTTP part of the LAN API, all below /api/v1; docs/protocols/lan-api.md is the prose.
//
//   GET  server                         who serves here, and which versions
//   POST login/start, login/finish      OPAQUE; the second answers with the session
//   POST logout
//   POST password/start, password/finish   OPAQUE registration of a new password, by a session
//   GET  me
//   GET  users?address= | prefix= | id=
//   GET  conversations
//   GET  conversations/:id/events?before=&limit=
//   POST conversations/:id/clear
//   GET  messages/:id, messages/:id/route
//   GET  messages/:id/readers           for its sender: who has it, who has read it; in groups above 50 members nobody is told unasked
//   POST messages/:id/erase             by its sender: the body goes at every node
//   GET  privacy, POST privacy
//   GET  blocks, POST users/:id/block, users/:id/unblock
//   what groups, mails and key packages have is in group-routes.ts
//
// An error is {"error":{"code":…,"params":{…}}}: codes and parameters, never sentences.
import * as v from 'valibot';
import { vaultRewrap } from './account-routes.ts';
import { MAX_PAGE } from './limits.ts';
import {
  conversationId,
  deviceId,
  groupView,
  jsonMessage,
  messageId,
  realmName,
  route,
  time,
  user,
  userId,
  wayLeg,
} from './wire.ts';

/** Text of an OPAQUE message: base64url without padding. */
const opaqueText = v.pipe(v.string(), v.minLength(1), v.maxLength(4096), v.regex(/^[A-Za-z0-9_-]+$/));
const address = v.pipe(v.string(), v.minLength(1), v.maxLength(320));
/** `cookie` for pages of this server: the token never meets their scripts. `bearer` for every other client. */
const sessionForm = v.picklist(['cookie', 'bearer']);
export type SessionForm = v.InferOutput<typeof sessionForm>;

const hidden = v.picklist(['delivered', 'read', 'presence']);
/** What the realm's policies allow, so that nobody finds out by being refused. */
export const serverLimits = v.object({
  /** Bytes of a sealed message, and of a sealed file. */
  message: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  file: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  /** What nobody here tells about himself. */
  hidden: v.array(hidden),
  /** Milliseconds for which messages are kept; absent: for ever. */
  retention: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
});
export type ServerLimits = v.InferOutput<typeof serverLimits>;

export const serverAnswer = v.object({
  realm: realmName,
  versions: v.array(v.number()),
  capabilities: v.array(v.string()),
  /** Milliseconds since 1970, so that a client notices a wrong clock. */
  time,
  /** Absent: what the protocol allows. */
  limits: v.optional(serverLimits),
  /** Only of the demonstration: whom its login page fills in, and whom to write to (full addresses). */
  demo: v.optional(v.object({ user: v.string(), colleague: v.string() })),
});
export type ServerAnswer = v.InferOutput<typeof serverAnswer>;

/** `login` as typed: `clerk` or `clerk@kyiv.acme.ua`. */
export const loginStartRequest = v.strictObject({ login: address, request: opaqueText });
/** `userId` is made up, but always the same, for a login that nobody has. */
/** `realm` is the home of a guest: the identifier for OPAQUE; absent for the server's own. */
export const loginStartAnswer = v.object({
  loginId: v.string(),
  response: opaqueText,
  userId,
  realm: v.optional(realmName),
});

const ticket = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
/** The client keeps its device id between logins; the name is what its user calls it. */
const device = v.strictObject({ id: deviceId, name: v.pipe(v.string(), v.maxLength(100)) });
export const loginFinishRequest = v.strictObject({ loginId: ticket, finish: opaqueText, device, session: sessionForm });
export const passwordStartRequest = v.strictObject({ request: opaqueText });
export const passwordStartAnswer = v.object({ changeId: v.string(), response: opaqueText });
export const passwordFinishRequest = v.strictObject({
  changeId: ticket,
  record: opaqueText,
  session: sessionForm,
  /** What unlocks the vault by the new password. */
  vault: v.optional(vaultRewrap),
});

/** `token` only in the `bearer` form. While `mustChangePassword` holds, the session opens nothing but password/* and logout. */
export const sessionAnswer = v.object({
  user,
  device: deviceId,
  mustChangePassword: v.boolean(),
  token: v.optional(v.string()),
});
export type SessionAnswer = v.InferOutput<typeof sessionAnswer>;
export const emptyAnswer = v.object({});

export const usersQuery = v.union([
  v.strictObject({ address }),
  v.strictObject({ prefix: v.pipe(v.string(), v.minLength(1), v.maxLength(320)) }),
  v.strictObject({ id: userId }),
]);
export const usersAnswer = v.object({ users: v.array(user) });

export const conversationEntry = v.object({
  id: conversationId,
  /** Of a group above MAX_LISTED_MEMBERS nobody: they are asked for. */
  members: v.array(user),
  group: v.optional(groupView),
  last: v.optional(jsonMessage),
  unread: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  lastRead: v.optional(messageId),
});
export type ConversationEntry = v.InferOutput<typeof conversationEntry>;
export const conversationsAnswer = v.object({ conversations: v.array(conversationEntry) });

export const eventsQuery = v.strictObject({
  before: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(128))),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(MAX_PAGE)),
    '50',
  ),
});
/** Newest first. `before` of the next page is `next`; without it the beginning is reached. */
export const eventsAnswer = v.object({
  events: v.array(jsonMessage),
  users: v.array(user),
  next: v.optional(v.string()),
});

/** Deletes what the user has of a conversation; `entirely`: it leaves the list, too, until something comes. */
export const clearRequest = v.strictObject({ entirely: v.optional(v.boolean(), false) });
export const blocksAnswer = v.object({ blocked: v.array(v.object({ user, at: time })) });

/** What others learn: `receipts` what the user has read, `presence` when the user is or was online. */
export const privacyForm = v.strictObject({ receipts: v.boolean(), presence: v.boolean() });
/** `hidden`: what a policy hides of everybody at this server, whatever they wish. */
export const privacyAnswer = v.object({
  receipts: v.boolean(),
  presence: v.boolean(),
  hidden: v.object({ receipts: v.boolean(), presence: v.boolean() }),
});
export type PrivacyAnswer = v.InferOutput<typeof privacyAnswer>;

export const messageAnswer = v.object({ message: jsonMessage, users: v.array(user) });
/** `route`: the programs that it passed, as far as it came. `legs`: step by step for each realm, and why it does not go on. */
export const routeAnswer = v.object({ route: v.optional(route), legs: v.optional(v.array(wayLeg), []) });
export type RouteAnswer = v.InferOutput<typeof routeAnswer>;

/** `away`: realms with members of which nothing is known now. */
export const readersAnswer = v.object({
  readers: v.array(v.object({ user, state: v.picklist(['delivered', 'read']) })),
  away: v.array(realmName),
});
export type ReadersAnswer = v.InferOutput<typeof readersAnswer>;

export const errorParams = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

export type ErrorParams = v.InferOutput<typeof errorParams>;
export const errorAnswer = v.object({ error: v.object({ code: v.string(), params: v.optional(errorParams, {}) }) });
