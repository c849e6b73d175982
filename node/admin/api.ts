// The control socket's API: HTTP over a unix socket in the data directory (mode 0600), JSON both ways. The node serves
// it, the command line calls it; whoever can open the socket is the operator, so there is no login.
//
//   GET  /v1/status                            Status
//   GET  /v1/users                             {users: User[]}    this realm's
//   GET  /v1/directory                         {users: User[]}    all that this node knows, of other realms too
//   POST /v1/users/start {login,name,department?,request}  UserStarted    OPAQUE registration, first answer
//   POST /v1/users/finish {registrationId,record}  User
//   POST /v1/invite {tier,realm,ttl}           Invitation
//   POST /v1/enrol {request}                   {reply}            an enrolment by files, base64
//   POST /v1/ping {realm}                      Ping
//
// A refusal has a status other than 200 and the body {error: {kind, code, message, hint}}.
import * as v from 'valibot';
import { LocalError } from '../../src/realm/errors.ts';
import { isRealmName, type RealmName, ROLES, TIERS } from '../../src/realm/names.ts';
import { PATH_KINDS } from '../../src/realm/path-kinds.ts';
import { errorFromForm } from '../../src/settings/error-form.ts';
import { callSocket } from '../../src/settings/socket-call.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const pathKind = v.picklist(PATH_KINDS);

const hop = v.object({ realm, role: v.picklist(ROLES), pid: v.number(), peerId: v.string() });

export const pingSchema = v.object({
  realm,
  path: v.object({ kind: pathKind, via: v.optional(realm), hops: v.array(hop) }),
  /** Milliseconds. */
  rtt: v.number(),
});
export type Ping = v.InferOutput<typeof pingSchema>;

const neighbour = v.object({
  realm,
  tier: v.optional(v.picklist(TIERS)),
  path: v.picklist([...PATH_KINDS, 'unreachable']),
  via: v.optional(realm),
  rtt: v.optional(v.number()),
  queued: v.number(),
  /** Milliseconds since 1970. */
  oldest: v.optional(v.number()),
  /** Milliseconds by which its clock is ahead of ours. */
  clockSkew: v.optional(v.number()),
  /** Of its node. */
  release: v.optional(v.string()),
  /** Milliseconds since 1970: until when its node's certificate holds. */
  certificateEnds: v.optional(v.number()),
  since: v.optional(v.number()),
  /** As delivery reports it: idle, connecting, sending, waiting, custody, frozen. */
  queueState: v.optional(v.string()),
  queueCode: v.optional(v.string()),
  /** Who holds a copy of what waits. */
  custodian: v.optional(realm),
});
export type Neighbour = v.InferOutput<typeof neighbour>;

export const statusSchema = v.object({
  realm,
  tier: v.picklist(TIERS),
  version: v.string(),
  pid: v.number(),
  peerId: v.string(),
  /** Milliseconds since 1970. */
  startedAt: v.number(),
  lan: v.string(),
  users: v.number(),
  online: v.number(),
  relay: v.object({ connected: v.boolean(), peerId: v.optional(v.string()), addresses: v.array(v.string()) }),
  /** Each relay of the realm, where there are several. */
  relays: v.optional(
    v.array(
      v.object({
        connected: v.boolean(),
        peerId: v.optional(v.string()),
        address: v.optional(v.string()),
        /** Why it is not reached. */
        error: v.optional(v.string()),
      }),
    ),
  ),
  /** While nobody is let in; times in milliseconds since 1970. */
  locked: v.optional(v.object({ since: v.number(), wipe: v.boolean() })),
  certificate: v.object({ notAfter: v.number(), lastRenewalError: v.optional(v.string()) }),
  realms: v.array(neighbour),
  warnings: v.array(v.string()),
});
export type Status = v.InferOutput<typeof statusSchema>;

const user = v.object({
  id: v.string(),
  address: v.string(),
  name: v.string(),
  department: v.optional(v.string()),
  kind: v.string(),
  status: v.string(),
  /** Found by nobody but who shares a conversation with the user. */
  hidden: v.boolean(),
  /** Whether the bare login is theirs in the house. */
  alias: v.optional(v.picklist(['confirmed', 'provisional', 'lost'])),
});
export type AdminUser = v.InferOutput<typeof user>;

const invitation = v.object({
  token: v.string(),
  realm,
  tier: v.picklist(TIERS),
  /** Milliseconds since 1970. */
  expires: v.number(),
});
export type Invitation = v.InferOutput<typeof invitation>;

export const REQUESTS = {
  startUser: v.object({
    login: v.string(),
    name: v.string(),
    department: v.optional(v.string()),
    request: v.string(),
  }),
  finishUser: v.object({ registrationId: v.string(), record: v.string() }),
  invite: v.object({ tier: v.picklist(TIERS), realm, ttl: v.number() }),
  enrol: v.object({ request: v.string() }),
  ping: v.object({ realm }),
} as const;

/** Of whom a password is registered. */
export type NewUser = v.InferOutput<typeof REQUESTS.startUser>;

const userStarted = v.object({ registrationId: v.string(), userId: v.string(), response: v.string() });
export type UserStarted = v.InferOutput<typeof userStarted>;

export { NotRunningError } from '../../src/settings/socket-call.ts';

const DEFAULT_DEADLINE = 10_000;

export class AdminClient {
  readonly #socket: string;

  /** @param socket the control socket's path in the data directory */
  constructor(socket: string) {
    this.#socket = socket;
  }

  status(): Promise<Status> {
    return this.#call('GET', '/v1/status', statusSchema);
  }

  async users(): Promise<AdminUser[]> {
    return (await this.#call('GET', '/v1/users', v.object({ users: v.array(user) }))).users;
  }

  async directory(): Promise<AdminUser[]> {
    return (await this.#call('GET', '/v1/directory', v.object({ users: v.array(user) }))).users;
  }

  startUser(body: v.InferInput<typeof REQUESTS.startUser>): Promise<UserStarted> {
    return this.#call('POST', '/v1/users/start', userStarted, body);
  }

  finishUser(body: v.InferInput<typeof REQUESTS.finishUser>): Promise<AdminUser> {
    return this.#call('POST', '/v1/users/finish', user, body);
  }

  invite(body: v.InferInput<typeof REQUESTS.invite>): Promise<Invitation> {
    return this.#call('POST', '/v1/invite', invitation, body);
  }

  /** Bytes of an enrolment request to bytes of its reply. */
  async enrol(request: Uint8Array): Promise<Uint8Array> {
    const body = { request: Buffer.from(request).toString('base64') };
    const { reply } = await this.#call('POST', '/v1/enrol', v.object({ reply: v.string() }), body);
    return new Uint8Array(Buffer.from(reply, 'base64'));
  }

  ping(to: RealmName, deadline?: number): Promise<Ping> {
    return this.#call('POST', '/v1/ping', pingSchema, { realm: to }, deadline);
  }

  /** What a part of the node answers on a route of its own (the api file of that part). */
  ask<T>(path: string, schema: v.GenericSchema<unknown, T>, body?: object, deadline?: number): Promise<T> {
    return this.#call(body === undefined ? 'GET' : 'POST', path, schema, body, deadline);
  }

  async #call<T>(
    method: 'GET' | 'POST',
    path: string,
    schema: v.GenericSchema<unknown, T>,
    body?: object,
    deadline = DEFAULT_DEADLINE,
  ): Promise<T> {
    const { status, answer } = await callSocket(this.#socket, { method, path, body, deadline });
    if (status !== 200) {
      throw errorFromForm(typeof answer === 'object' && answer && 'error' in answer ? answer.error : undefined);
    }
    const result = v.safeParse(schema, answer);
    if (!result.success) {
      throw new LocalError(
        'bad-answer',
        `the server's answer to ${path} is not understood: ${result.issues[0].message}`,
        {
          hint: 'Is the server of another release? Run: canopy version; then restart it.',
        },
      );
    }
    return result.output;
  }
}
