// Users over the control socket: what the command `canopy user` asks of a running node. Passwords are registered by OPAQUE on the
// caller's side; none crosses the socket.
//
//   POST /v1/users/show {user}                          UserDetails
//   POST /v1/users/reset/start {user, request}          UserStarted      OPAQUE registration, first answer
//   POST /v1/users/reset/finish {registrationId, record} {address}
//   POST /v1/users/status {user, status}                {address}
//   POST /v1/users/sign-out {user, device?}             {address, devices}
//   POST /v1/users/photo {user, photo?}                 {address}        base64url; without one it is erased
//   POST /v1/users/department {user, department?}       {address, department?}    without one it is erased
//   POST /v1/users/hidden {user, hidden}                {address, hidden}
//   POST /v1/users/move {user, to}                      {address}        of before
import { toString } from 'uint8arrays/to-string';
import * as v from 'valibot';
import { isRealmName, type RealmName } from '../../src/realm/names.ts';
import type { AdminClient, UserStarted } from './api.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
/** A vault of 64 MiB over a slow line. */
const MOVE_DEADLINE = 11 * 60_000;

export const USER_REQUESTS = {
  show: v.object({ user: v.string() }),
  startReset: v.object({ user: v.string(), request: v.string() }),
  finishReset: v.object({ registrationId: v.string(), record: v.string() }),
  setStatus: v.object({ user: v.string(), status: v.picklist(['active', 'disabled']) }),
  signOut: v.object({ user: v.string(), device: v.optional(v.string()) }),
  setPhoto: v.object({ user: v.string(), photo: v.optional(v.string()) }),
  setDepartment: v.object({ user: v.string(), department: v.optional(v.string()) }),
  setHidden: v.object({ user: v.string(), hidden: v.boolean() }),
  move: v.object({ user: v.string(), to: realm }),
} as const;

const device = v.object({
  id: v.string(),
  name: v.string(),
  signedIn: v.boolean(),
  /** Milliseconds since 1970. */
  lastSeen: v.optional(v.number()),
  certified: v.boolean(),
});

const userDetails = v.object({
  id: v.string(),
  address: v.string(),
  name: v.string(),
  department: v.optional(v.string()),
  kind: v.string(),
  status: v.string(),
  /** Found by nobody but who shares a conversation with the user. */
  hidden: v.boolean(),
  mustChangePassword: v.boolean(),
  /** Hex of the identity's public key, and how often it has changed; absent before the first login. */
  identity: v.optional(v.object({ key: v.string(), sequence: v.number() })),
  hasVault: v.boolean(),
  devices: v.array(device),
});
export type UserDetails = v.InferOutput<typeof userDetails>;

const whom = v.object({ address: v.string() });
const placed = v.object({ ...whom.entries, department: v.optional(v.string()) });
const veiled = v.object({ ...whom.entries, hidden: v.boolean() });
type Veiled = v.InferOutput<typeof veiled>;
type Placed = v.InferOutput<typeof placed>;
const started = v.object({ registrationId: v.string(), userId: v.string(), response: v.string() });
const signedOut = v.object({ address: v.string(), devices: v.array(v.string()) });
export type SignedOut = v.InferOutput<typeof signedOut>;

export class UserClient {
  readonly #admin: Pick<AdminClient, 'ask'>;

  constructor(admin: Pick<AdminClient, 'ask'>) {
    this.#admin = admin;
  }

  show(user: string): Promise<UserDetails> {
    return this.#admin.ask('/v1/users/show', userDetails, { user });
  }

  startReset(user: string, request: string): Promise<UserStarted> {
    return this.#admin.ask('/v1/users/reset/start', started, { user, request });
  }

  async finishReset(registrationId: string, record: string): Promise<string> {
    return (await this.#admin.ask('/v1/users/reset/finish', whom, { registrationId, record })).address;
  }

  async setStatus(user: string, status: 'active' | 'disabled'): Promise<string> {
    return (await this.#admin.ask('/v1/users/status', whom, { user, status })).address;
  }

  async setPhoto(user: string, photo: Uint8Array | undefined): Promise<string> {
    const body = { user, ...(photo && { photo: toString(photo, 'base64url') }) };
    return (await this.#admin.ask('/v1/users/photo', whom, body)).address;
  }

  setDepartment(user: string, department: string | undefined): Promise<Placed> {
    return this.#admin.ask('/v1/users/department', placed, { user, ...(department !== undefined && { department }) });
  }

  setHidden(user: string, hidden: boolean): Promise<Veiled> {
    return this.#admin.ask('/v1/users/hidden', veiled, { user, hidden });
  }

  async move(user: string, to: RealmName): Promise<string> {
    return (await this.#admin.ask('/v1/users/move', whom, { user, to }, MOVE_DEADLINE)).address;
  }

  signOut(user: string, deviceId?: string): Promise<SignedOut> {
    const body = deviceId === undefined ? { user } : { user, device: deviceId };
    return this.#admin.ask('/v1/users/sign-out', signedOut, body);
  }
}
