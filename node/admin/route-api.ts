// The way of one message over the control socket; a route beside those of api.ts.
//
//   POST /v1/route {id}   MessageWay   where the message is, how it came there, and why it does not go on
//
// It tells addresses and times, and nothing of what the message says. Whoever asks is written into the audit log.
import * as v from 'valibot';
import { isRealmName, type RealmName, ROLES } from '../../src/realm/names.ts';
import { PATH_KINDS } from '../../src/realm/path-kinds.ts';
import type { AdminClient } from './api.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
/** Milliseconds since 1970. */
const time = v.number();

const step = v.object({
  kind: v.picklist(['accepted', 'held', 'passed', 'arrived', 'delivered', 'read', 'failed']),
  realm,
  at: time,
  /** Address of the recipient whom it is about. */
  user: v.optional(v.string()),
  code: v.optional(v.string()),
});

const stuck = v.object({ realm, next: v.optional(realm), code: v.string(), since: v.optional(time) });

const leg = v.object({
  realm,
  way: v.picklist(['local', 'direct', 'tree', 'none']),
  state: v.picklist(['queued', 'in-custody', 'handed-over', 'failed']),
  at: v.optional(time),
  code: v.optional(v.string()),
  path: v.optional(
    v.object({
      kind: v.picklist(PATH_KINDS),
      via: v.optional(realm),
      hops: v.array(v.object({ realm, role: v.picklist(ROLES), pid: v.number(), peerId: v.string() })),
    }),
  ),
  steps: v.array(step),
  stuck: v.optional(stuck),
});

export const messageWaySchema = v.object({ id: v.string(), sender: v.string(), legs: v.array(leg) });
export type MessageWay = v.InferOutput<typeof messageWaySchema>;
export type WayLeg = v.InferOutput<typeof leg>;
export type WayStep = v.InferOutput<typeof step>;

export const routeRequest = v.object({ id: v.string() });

/** The realms between are asked, which takes a few seconds when one of them is away. */
const ROUTE_DEADLINE = 15_000;

export function askRoute(client: AdminClient, id: string): Promise<MessageWay> {
  return client.ask('/v1/route', messageWaySchema, { id }, ROUTE_DEADLINE);
}
