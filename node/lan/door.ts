// The way into the LAN API for own users who work in another branch's LAN: no socket of this server's is involved.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import { API_PREFIX } from '../../src/protocols/lan/limits.ts';
import { RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { LanDoor } from '../roaming/roam-host.ts';
import type { Callers } from './caller.ts';
import type { LiveHub } from './live/live-hub.ts';

type Fetch = (request: Request, env: HttpBindings & { readonly guestOf?: string }) => Response | Promise<Response>;

export interface OpenedDoor extends LanDoor {
  open(fetch: Fetch): void;
}

const METHODS = new Set(['GET', 'POST']);
/** Below the API's prefix; nothing of the pages or the health checks. */
const PATH = /^\/[A-Za-z0-9/_-]+(\?[^#]*)?$/;

export function createDoor(hub: LiveHub, callers: Callers): OpenedDoor {
  let enter: Fetch = () => {
    throw new UnreachableError('starting', 'the node is starting');
  };
  return {
    open: (fetch) => {
      enter = fetch;
    },
    request: async ({ method, path, type, range, body, token, from }) => {
      if (!METHODS.has(method) || !PATH.test(path)) throw new RefusedError('not-found', 'no such route for guests');
      const headers = new Headers({ 'content-type': type || 'application/json', ...(range && { range }) });
      if (method !== 'GET') headers.set('content-length', String(body.length));
      const incoming = incomingOf(token);
      incoming.method = method;
      const url = `http://door.invalid${API_PREFIX}${path}`;
      const init = method === 'GET' ? { method, headers } : { method, headers, body: new Uint8Array(body) };
      return enter(new Request(url, init), { incoming, outgoing: new ServerResponse(incoming), guestOf: from });
    },
    adopt: (token, socket) => hub.adopt(callers(incomingOf(token)), socket),
  };
}

function incomingOf(token: string): IncomingMessage {
  const incoming = new IncomingMessage(new Socket());
  incoming.method = 'GET';
  if (token !== '') incoming.headers.authorization = `Bearer ${token}`;
  return incoming;
}
