// Serves the relay's control socket (api.ts): HTTP on a Unix socket that only its owner may open.
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { errorForm } from '../src/settings/error-form.ts';
import { socketPath } from '../src/settings/socket-path.ts';

const SCHEMA_VERSION = 1;
const SOCKET_MODE = 0o600;

/** `GET /v1/status` and the like, to what answers it. */
export type ControlRoutes = Readonly<Record<string, () => object | Promise<object>>>;

export class ControlServer {
  readonly #path: string;
  readonly #routes: ControlRoutes;
  #server: Server | undefined;

  constructor(path: string, routes: ControlRoutes) {
    this.#path = path;
    this.#routes = routes;
  }

  /** A stale socket is replaced: the caller holds the directory's lock. */
  async start(): Promise<void> {
    await rm(this.#path, { force: true });
    const server = createServer(({ method, url }, response) => void this.#answer(`${method} ${url}`, response));
    this.#server = server;
    const short = await socketPath(this.#path);
    try {
      server.listen(short.path);
      await once(server, 'listening');
      await chmod(this.#path, SOCKET_MODE);
    } finally {
      await short.release();
    }
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await rm(this.#path, { force: true });
  }

  async #answer(request: string, response: ServerResponse): Promise<void> {
    const route = Object.hasOwn(this.#routes, request) ? this.#routes[request] : undefined;
    if (!route) return reply(response, 404, { error: { code: 'not-found', message: `${request} is not known` } });
    try {
      reply(response, 200, await route());
    } catch (error) {
      reply(response, 500, { error: errorForm(error) });
    }
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...body })}\n`);
}
