// The API of the relay's control socket (relay.sock in the data directory, mode 0600): HTTP and JSON, as the node's
// (node/admin/api.ts). The relay serves it, the command line calls it.
//
//   GET /v1/status     RelayStatus
//   GET /v1/netcheck   Netcheck     asks the STUN servers of the relays above, which takes up to 6 s
import * as v from 'valibot';
import { LocalError } from '../src/realm/errors.ts';
import { isRealmName, type RealmName } from '../src/realm/names.ts';
import { PATH_KINDS } from '../src/realm/path-kinds.ts';
import { errorFromForm } from '../src/settings/error-form.ts';
import { callSocket } from '../src/settings/socket-call.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const path = v.picklist([...PATH_KINDS, 'unreachable']);
const nat = v.picklist(['unknown', 'none', 'cone', 'symmetric']);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const link = v.object({
  realm,
  kind: path,
  via: v.optional(realm),
  rtt: v.optional(v.number()),
  /** Milliseconds since 1970. */
  since: v.number(),
});

/** The link to one relay; a realm with two relays has two of them. */
const relay = v.object({
  realm,
  peerId: v.string(),
  phase: v.picklist(['idle', 'locating', 'connecting', 'relayed', 'probing', 'punching', 'webrtc', 'direct']),
  path,
  via: v.optional(realm),
  rtt: v.optional(v.number()),
  /** Rounds of attempts begun since the link was last at rest. */
  rounds: count,
  /** Milliseconds until the next round. */
  nextRoundIn: v.optional(v.number()),
});

export const relayStatusSchema = v.object({
  realm,
  peerId: v.string(),
  addresses: v.array(v.string()),
  node: v.boolean(),
  nat,
  links: v.array(link),
  relays: v.array(relay),
  forwarded: count,
  refused: count,
  pipes: count,
  circuits: count,
  table: count,
  /** A certificate of the relay's chain that was revoked: nobody admits this relay any more. */
  revoked: v.optional(v.object({ realm, by: realm, isOwn: v.boolean() })),
});
export type RelayStatusAnswer = v.InferOutput<typeof relayStatusSchema>;

/** HOST:PORT */
const place = v.string();

const mapping = v.object({
  /** Whether the setting allows to ask the router; off by default. */
  allowed: v.boolean(),
  /** The outer place at which the router hands on to this relay. */
  outer: v.optional(place),
  /** Why there is none, though it is allowed. */
  error: v.optional(v.string()),
});

export const netcheckSchema = v.object({
  /** The worse of both protocols: `symmetric` can't be punched. */
  nat,
  udp: nat,
  tcp: nat,
  /** Undefined when no server answers at all. */
  udpBlocked: v.optional(v.boolean()),
  servers: v.array(v.object({ server: place, udp: v.optional(place), tcp: v.optional(place) })),
  ipv6: v.object({
    /** This host has a public IPv6 address. */
    hasAddress: v.boolean(),
    /** A server was reached over it; undefined when none has an IPv6 address. */
    works: v.optional(v.boolean()),
  }),
  mapping,
  /** What would make direct paths possible, when nothing else does: forward `port` (TCP) of the router to `to`. */
  forward: v.optional(v.object({ port: count, to: v.array(place) })),
});
export type Netcheck = v.InferOutput<typeof netcheckSchema>;

const STATUS_DEADLINE = 10_000;
const NETCHECK_DEADLINE = 15_000;

export class RelayClient {
  readonly #socket: string;

  /** @param socket the relay's control socket in the data directory */
  constructor(socket: string) {
    this.#socket = socket;
  }

  status(): Promise<RelayStatusAnswer> {
    return this.#get('/v1/status', relayStatusSchema, STATUS_DEADLINE);
  }

  netcheck(): Promise<Netcheck> {
    return this.#get('/v1/netcheck', netcheckSchema, NETCHECK_DEADLINE);
  }

  async #get<T>(path: string, schema: v.GenericSchema<unknown, T>, deadline: number): Promise<T> {
    const { status, answer } = await callSocket(this.#socket, { method: 'GET', path, body: undefined, deadline });
    if (status !== 200)
      throw errorFromForm(typeof answer === 'object' && answer && 'error' in answer ? answer.error : undefined);
    const result = v.safeParse(schema, answer);
    if (result.success) return result.output;
    throw new LocalError('bad-answer', `the relay's answer to ${path} is not understood: ${result.issues[0].message}`, {
      hint: 'Is the relay of another release? Run: canopy version; then restart it.',
    });
  }
}
