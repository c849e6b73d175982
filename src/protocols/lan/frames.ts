// Frames of the live socket `/api/v1/live` (subprotocol canopy.v1): each a binary WebSocket message that holds one CBOR
// map with a `kind`. In order:
//
//   client: hello                     versions, capabilities, cursor
//   server: hello                     the version chosen, who the session is, the heartbeat
//   server: event, receipt, position, commit, removed    what arrived after the cursor
//   server: live                      the backlog is through; from here on everything is as it happens
//   then, in any order
//   client: submit, read, typing, watch, received, ping
//   server: stored (answers submit), event, receipt, position, removed, presence, typing, pong, error
//   server: mail, when something lies in the mailbox of this device
//   server: islands, to a client with that capability: at first and whenever it changes
//
// `received` tells how far the client holds its arrivals: it makes a message "delivered", and is where a client without a
// cursor begins. Refusals name a code in `error`; one that ends the socket comes as a close code of close-codes.ts.
import { encode } from 'cborg';
import * as v from 'valibot';
import { MAX_BLOBS, MAX_BODY } from '../../crypto/envelope.ts';
import { decodeStrict } from '../../crypto/strict-cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import { MAX_FRAME, MAX_ISLANDS, MAX_MOST, MAX_RECIPIENTS, MAX_UNREADABLE, MAX_WATCHED } from './limits.ts';
import {
  bytes,
  conversationId,
  cursor,
  deviceId,
  frameMessage,
  groupId,
  island,
  messageId,
  realmName,
  stamp,
  time,
  user,
  userId,
} from './wire.ts';

const body = v.pipe(
  bytes,
  v.check((value) => value.length <= MAX_BODY, 'too long'),
);
const blobId = v.pipe(
  bytes,
  v.check((value) => value.length === 32, 'of another length'),
);
const capabilities = v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(64));
const params = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

export const clientFrame = v.variant('kind', [
  v.object({
    kind: v.literal('hello'),
    versions: v.pipe(v.array(v.number()), v.maxLength(16)),
    capabilities,
    cursor: v.optional(cursor),
    /** When more than that many arrivals wait, the reader begins behind them and pages through what it wants. */
    most: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_MOST))),
  }),
  v.object({
    kind: v.literal('submit'),
    id: messageId,
    conversation: conversationId,
    /** None: the members of the conversation's group. */
    recipients: v.pipe(v.array(userId), v.maxLength(MAX_RECIPIENTS)),
    expires: time,
    /** Stored files that the body refers to. */
    blobs: v.optional(v.pipe(v.array(blobId), v.maxLength(MAX_BLOBS))),
    body,
  }),
  v.object({ kind: v.literal('read'), conversation: conversationId, id: messageId }),
  v.object({
    kind: v.literal('typing'),
    conversation: conversationId,
    /** None: the members of a group. */
    to: v.pipe(v.array(userId), v.maxLength(MAX_RECIPIENTS)),
  }),
  v.object({ kind: v.literal('watch'), users: v.pipe(v.array(userId), v.maxLength(MAX_WATCHED)) }),
  v.object({ kind: v.literal('received'), cursor }),
  v.object({
    kind: v.literal('ping'),
    /** Messages that this device can't open at present: their keys are asked for, and who runs the server should know. */
    unreadable: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_UNREADABLE))),
  }),
]);
export type ClientFrame = v.InferOutput<typeof clientFrame>;

export const serverFrame = v.variant('kind', [
  v.object({
    kind: v.literal('hello'),
    version: v.number(),
    capabilities,
    realm: realmName,
    user,
    device: deviceId,
    time,
    /** Milliseconds between two pings. */
    heartbeat: time,
    /** The cursor was of another incarnation and was not used: the client asks for its conversations anew. */
    reset: v.boolean(),
    /** More than `most` waited: the reader begins behind them. */
    skipped: v.optional(v.boolean()),
  }),
  v.object({ kind: v.literal('event'), cursor, message: frameMessage, user }),
  /** For the sender: what a recipient did with some of the messages. */
  v.object({
    kind: v.literal('receipt'),
    cursor,
    conversation: conversationId,
    ids: v.array(messageId),
    by: userId,
    state: v.picklist(['delivered', 'read', 'failed']),
    at: time,
    code: v.optional(v.string()),
  }),
  /** The own read position moved, on whichever device. */
  v.object({ kind: v.literal('position'), cursor, conversation: conversationId, upTo: messageId, at: time }),
  /** Keys or members of a group changed; the commits after one's own epoch are fetched. `epoch` is what it is based on. */
  v.object({
    kind: v.literal('commit'),
    cursor,
    conversation: conversationId,
    group: groupId,
    epoch: time,
    user: userId,
    device: deviceId,
    at: time,
  }),
  /** Something lies in the mailbox of this device; it is fetched. Told at the beginning, too. */
  v.object({ kind: v.literal('mail') }),
  /** A member wants something changed that nobody could commit yet; what waits is fetched. */
  v.object({ kind: v.literal('intent'), cursor, conversation: conversationId, id: messageId, user: userId, at: time }),
  /** The user deleted what was in a conversation; `entirely`: it has left the list, too. */
  v.object({ kind: v.literal('cleared'), cursor, conversation: conversationId, entirely: v.boolean() }),
  /** A message expired, or its sender took it back. */
  v.object({ kind: v.literal('removed'), cursor, conversation: conversationId, id: messageId }),
  v.object({ kind: v.literal('live') }),
  v.object({ kind: v.literal('stored'), id: messageId, stamp }),
  v.object({
    kind: v.literal('presence'),
    user: userId,
    state: v.picklist(['online', 'offline']),
    lastSeenAt: v.optional(time),
  }),
  v.object({ kind: v.literal('typing'), user: userId, conversation: conversationId, active: v.boolean() }),
  v.object({ kind: v.literal('pong') }),
  /** This device was signed out for good: what it holds is to go. The socket closes. */
  v.object({ kind: v.literal('wipe') }),
  /** Another device of the user has changed the vault. */
  v.object({ kind: v.literal('vault') }),
  /** `alone`: since when this server reaches no other at all. */
  v.object({
    kind: v.literal('islands'),
    alone: v.optional(time),
    realms: v.pipe(v.array(island), v.maxLength(MAX_ISLANDS)),
  }),
  /** `ref` is the message that the refusal is about. */
  v.object({ kind: v.literal('error'), code: v.string(), params: v.optional(params, {}), ref: v.optional(v.string()) }),
]);
export type ServerFrame = v.InferOutput<typeof serverFrame>;

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeClientFrame(data: Uint8Array): ClientFrame {
  const result = v.safeParse(clientFrame, decodeStrict(data, MAX_FRAME));
  if (!result.success) throw new PeerError('frame-malformed', 'a frame fits none of the forms of a client');
  return result.output;
}

export function decodeServerFrame(data: Uint8Array): ServerFrame {
  const result = v.safeParse(serverFrame, decodeStrict(data, MAX_FRAME));
  if (!result.success) throw new PeerError('frame-malformed', 'a frame fits none of the forms of a server');
  return result.output;
}

export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  return encode(frame, { ignoreUndefinedProperties: true });
}

export function encodeServerFrame(frame: ServerFrame): Uint8Array {
  return encode(frame, { ignoreUndefinedProperties: true });
}
