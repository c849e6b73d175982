// The relay's control socket: `GET /v1/status` over HTTP on a Unix socket that only its owner may open.
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { socketPath } from '../src/settings/socket-path.ts';
import type { RelayStatus } from './relay.ts';

const SCHEMA_VERSION = 1;
const SOCKET_MODE = 0o600;

export class ControlServer {
  readonly #path: string;
  readonly #status: () => RelayStatus;
  #server: Server | undefined;

  constructor(path: string, status: () => RelayStatus) {
    this.#path = path;
    this.#status = status;
  }

  /** A stale socket is replaced: the caller holds the directory's lock. */
  async start(): Promise<void> {
    await rm(this.#path, { force: true });
    const server = createServer(({ method, url }, response) => this.#answer(`${method} ${url}`, response));
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

  #answer(request: string, response: ServerResponse): void {
    const known = request === 'GET /v1/status';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    const body = known ? this.#status() : { error: { code: 'not-found', message: `${request} is not known` } };
    response.end(`${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...body })}\n`);
  }
}
