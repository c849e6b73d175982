// Serves the control socket (see api.ts). One request body is at most 64 KiB; what an action throws is the answer.
import { chmod, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as v from 'valibot';
import { InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { errorForm } from '../../src/settings/error-form.ts';
import { socketPath } from '../../src/settings/socket-path.ts';
import {
  type AdminUser,
  type Invitation,
  type NewUser,
  type Ping,
  REQUESTS,
  type Status,
  type UserStarted,
} from './api.ts';

const MAX_BODY = 64 * 1024;
const REQUEST_DEADLINE = 60_000;
const SOCKET_MODE = 0o600;

/** What the node lets its operator do. */
export interface AdminActions {
  status(): Promise<Status>;
  users(): Promise<readonly AdminUser[]>;
  directory(): Promise<readonly AdminUser[]>;
  startUser(body: NewUser): Promise<UserStarted>;
  finishUser(body: v.InferOutput<typeof REQUESTS.finishUser>): Promise<AdminUser>;
  invite(body: v.InferOutput<typeof REQUESTS.invite>): Promise<Invitation>;
  enrol(request: Uint8Array): Promise<Uint8Array>;
  ping(realm: RealmName, signal: AbortSignal): Promise<Ping>;
}

type Route = (actions: AdminActions, body: unknown) => Promise<unknown>;
/** Routes that a part of the node brings along, by `METHOD /path`; see `partRoute`. */
export type PartRoutes = Readonly<Record<string, (body: unknown) => Promise<unknown>>>;

/** A route of a part: the body is checked before the part sees it. */
export function partRoute<T>(schema: v.GenericSchema<unknown, T>, run: (body: T) => Promise<unknown>) {
  const checked = route(schema, (_, body: T) => run(body));
  return (body: unknown): Promise<unknown> => checked(undefined, body);
}

function route<A, T>(
  schema: v.GenericSchema<unknown, T>,
  run: (actions: A, body: T) => Promise<unknown>,
): (actions: A, body: unknown) => Promise<unknown> {
  return async (actions, body) => {
    const result = v.safeParse(schema, body);
    if (!result.success)
      throw new InputError('bad-request', `the request is not understood: ${result.issues[0].message}`);
    return run(actions, result.output);
  };
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /v1/status': (actions) => actions.status(),
  'GET /v1/users': async (actions) => ({ users: await actions.users() }),
  'GET /v1/directory': async (actions) => ({ users: await actions.directory() }),
  'POST /v1/users/start': route(REQUESTS.startUser, (actions, body) => actions.startUser(body)),
  'POST /v1/users/finish': route(REQUESTS.finishUser, (actions, body) => actions.finishUser(body)),
  'POST /v1/invite': route(REQUESTS.invite, (actions, body) => actions.invite(body)),
  'POST /v1/enrol': route(REQUESTS.enrol, async (actions, { request }) => {
    const reply = await actions.enrol(new Uint8Array(Buffer.from(request, 'base64')));
    return { reply: Buffer.from(reply).toString('base64') };
  }),
  'POST /v1/ping': route(REQUESTS.ping, (actions, { realm }) =>
    actions.ping(realm, AbortSignal.timeout(REQUEST_DEADLINE)),
  ),
};

export interface AdminServerInit {
  /** Path of the socket; a stale one is replaced, since the caller holds the directory's lock. */
  readonly socket: string;
}

export interface AdminServerComponents {
  readonly actions: AdminActions;
  readonly parts?: PartRoutes;
  readonly log: Log;
}

export class AdminServer {
  readonly #init: AdminServerInit;
  readonly #actions: AdminActions;
  readonly #parts: PartRoutes;
  readonly #log: Log;
  readonly #server: Server;

  constructor(init: AdminServerInit, components: AdminServerComponents) {
    this.#init = init;
    this.#parts = components.parts ?? {};
    this.#actions = components.actions;
    this.#log = components.log;
    this.#server = createServer({ requestTimeout: REQUEST_DEADLINE }, (request, response) => {
      void this.#answer(request, response);
    });
  }

  async start(): Promise<void> {
    const { socket } = this.#init;
    await unlink(socket).catch(() => {});
    const short = await socketPath(socket);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(short.path, resolve);
      });
      await chmod(socket, SOCKET_MODE);
    } finally {
      await short.release();
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await unlink(this.#init.socket).catch(() => {});
  }

  #run(name: string, body: unknown): Promise<unknown> {
    const part = this.#parts[name];
    if (part) return part(body);
    const run = ROUTES[name];
    if (!run) throw new InputError('no-route', `there is no ${name}`);
    return run(this.#actions, body);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, 200, await this.#run(`${request.method} ${request.url}`, await readBody(request)));
    } catch (error) {
      const form = errorForm(error);
      if (form.code === 'internal')
        this.#log.error({ error: form.message, url: request.url }, 'control request failed');
      send(response, 400, { error: form });
    }
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > MAX_BODY) throw new InputError('request-too-long', `a request has at most ${MAX_BODY} bytes`);
    parts.push(part);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (cause) {
    throw new InputError('bad-request', 'the request is not JSON', { cause });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
