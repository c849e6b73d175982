// The forms that travel over the LAN API, in JSON answers and in frames alike: what a client may know of a user, a
// message and a route. Both sides decode what they receive with these; what fits none of them is refused.
import * as v from 'valibot';
import { MEMBER_ROLES, ROSTER_KINDS } from '../../crypto/roster.ts';
import { parseConversationId, parseDeviceId, parseGroupId, parseMessageId, parseUserId } from '../../realm/ids.ts';
import { parseRealmName, ROLES } from '../../realm/names.ts';
import { PATH_KINDS } from '../../realm/path-kinds.ts';

/** A string that `parse` accepts, as the branded type that it makes. */
export function branded<T extends string>(parse: (text: string) => T) {
  return v.pipe(
    v.string(),
    v.maxLength(320),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch {
        addIssue({ message: 'malformed' });
        return NEVER;
      }
    }),
  );
}

export const userId = branded(parseUserId);
export const deviceId = branded(parseDeviceId);
export const conversationId = branded(parseConversationId);
export const messageId = branded(parseMessageId);
export const groupId = branded(parseGroupId);
export const realmName = branded(parseRealmName);

export const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const shortText = v.pipe(v.string(), v.maxLength(512));

/** Where a reader of a user's arrivals stopped; numbers of different incarnations are never compared. */
export const cursor = v.strictObject({ incarnation: count, n: count });
export type Cursor = v.InferOutput<typeof cursor>;

export const stamp = v.strictObject({ ms: time, counter: count });
export type Stamp = v.InferOutput<typeof stamp>;

export const user = v.object({
  id: userId,
  /** `login@realm`. */
  address: shortText,
  name: shortText,
  kind: v.picklist(['person', 'bot', 'system']),
  /** SHA-256 of the photo, base64url; absent: none. */
  photo: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/))),
  /** Where the user works, as an administrator has put it. */
  department: v.optional(shortText),
});
export type User = v.InferOutput<typeof user>;

export const hop = v.object({ realm: realmName, role: v.picklist(ROLES), pid: count, peerId: shortText });

const pathKind = v.picklist(PATH_KINDS);

/** The way a message took: programs in order, and how the link between the two relays was carried. */
export const route = v.object({
  kind: pathKind,
  via: v.optional(realmName),
  hops: v.array(hop),
});
export type Route = v.InferOutput<typeof route>;

/** One thing that happened to a message on its way; the last three are of one recipient. */
export const wayStep = v.object({
  kind: v.picklist(['accepted', 'held', 'passed', 'arrived', 'delivered', 'read', 'failed']),
  realm: realmName,
  at: time,
  user: v.optional(userId),
  code: v.optional(shortText),
});

/** Where a message lies that does not go on, whom it waits for, why and since when. */
const obstacle = v.object({
  realm: realmName,
  next: v.optional(realmName),
  code: shortText,
  since: v.optional(time),
});

/** How a message came to one realm, or how far. */
export const wayLeg = v.object({
  realm: realmName,
  way: v.picklist(['local', 'direct', 'tree', 'none']),
  state: v.picklist(['queued', 'in-custody', 'handed-over', 'failed']),
  steps: v.array(wayStep),
  stuck: v.optional(obstacle),
});
export type WayLeg = v.InferOutput<typeof wayLeg>;
export type WayStep = v.InferOutput<typeof wayStep>;

/** A realm that is away, since when, and how many messages wait for it. `code` is `frozen` for one that is revoked. */
export const island = v.object({
  realm: realmName,
  since: v.optional(time),
  queued: count,
  code: v.optional(shortText),
});
export type Island = v.InferOutput<typeof island>;

/** What a server knows of a message; `queued` is known to the sender's client alone. */
const deliveryState = v.picklist(['stored', 'delivered', 'read', 'failed']);

/** Body bytes: a byte string in a frame, base64url in JSON. */
export const bytes = v.custom<Uint8Array>((input) => input instanceof Uint8Array);
export const base64url = v.pipe(v.string(), v.maxLength(90_000), v.regex(/^[A-Za-z0-9_-]*$/));

/** Bytes in JSON: base64url without padding, at most `most` bytes. */
export function jsonBytes(most: number) {
  return v.pipe(v.string(), v.maxLength(Math.ceil((most * 4) / 3)), v.regex(/^[A-Za-z0-9_-]*$/));
}

/** What a client is told of a group without its commits. `members` counts; who they are is asked for. */
export const groupView = v.object({
  id: groupId,
  kind: v.picklist(ROSTER_KINDS),
  home: realmName,
  term: count,
  epoch: count,
  /** The user's own; absent for somebody who has left. */
  role: v.optional(v.picklist(MEMBER_ROLES)),
  members: count,
});
export type GroupView = v.InferOutput<typeof groupView>;

const messageFields = {
  id: messageId,
  conversation: conversationId,
  sender: userId,
  device: deviceId,
  recipients: v.array(userId),
  stamp,
  /** Milliseconds since 1970, 0 for never. */
  expires: time,
  state: deliveryState,
  /** How it came to this server; `local` when it was written here. */
  path: pathKind,
  /** When this server had it. */
  arrivedAt: v.optional(time),
};

/** A message as the live socket carries it. */
export const frameMessage = v.object({ ...messageFields, body: bytes });
export type FrameMessage = v.InferOutput<typeof frameMessage>;

/** A message as JSON carries it. */
export const jsonMessage = v.object({ ...messageFields, body: base64url });
export type JsonMessage = v.InferOutput<typeof jsonMessage>;
