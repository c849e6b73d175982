// /metrics, /healthz and /readyz over plain HTTP, on the loopback interface unless the operator says otherwise. It answers
// GET requests and nothing else, and holds nothing that names a person. A port that is taken costs the metrics and not the
// program: whoever runs several realms on one host gives each its own.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { codeOf, messageOf } from '../realm/errors.ts';
import type { Log } from '../realm/log.ts';
import { formatHostPort, type HostPort } from '../settings/host-port.ts';
import type { Metrics } from './metrics.ts';

export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

export interface MetricsServerInit {
  /** Undefined: nothing is served. */
  readonly listen: HostPort | undefined;
  readonly metrics: Metrics;
  readonly checks: () => Promise<readonly ReadinessCheck[]>;
  readonly log: Log;
}

const REQUEST_DEADLINE = 10_000;
const MAX_CONNECTIONS = 32;
const JSON_TYPE = 'application/json';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export class MetricsServer {
  readonly #init: MetricsServerInit;
  #server: Server | undefined;
  #problem: string | undefined;

  constructor(init: MetricsServerInit) {
    this.#init = init;
  }

  /** Why nothing is served although it should be. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async start(): Promise<void> {
    const { listen, log } = this.#init;
    if (!listen) return;
    const server = createServer({ requestTimeout: REQUEST_DEADLINE }, (request, response) => {
      void this.#serve(request, response);
    });
    server.maxConnections = MAX_CONNECTIONS;
    try {
      server.listen(listen.port, listen.host);
      await once(server, 'listening');
      this.#server = server;
      server.on('error', (error) => log.error({ error: messageOf(error) }, 'metrics server failed'));
    } catch (error) {
      this.#problem = `no metrics at ${formatHostPort(listen)}: ${messageOf(error)}; see metrics in canopy.toml`;
      log.warn({ listen: formatHostPort(listen), code: codeOf(error), error: messageOf(error) }, 'metrics not served');
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await this.#answer(request).catch((error): Answer => {
      this.#init.log.error({ error: messageOf(error), url: request.url }, 'metrics request failed');
      return { status: 500, type: JSON_TYPE, body: JSON.stringify({ error: { code: codeOf(error) } }) };
    });
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer({ method, url }: IncomingMessage): Promise<Answer> {
    const { metrics, checks } = this.#init;
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: { code: 'method-not-allowed' } });
    switch (url) {
      case '/metrics':
        return { status: 200, type: metrics.contentType, body: await metrics.text() };
      case '/healthz':
        return json(200, { schemaVersion: 1, ok: true });
      case '/readyz': {
        const results = await checks();
        const ok = results.every((check) => check.ok);
        return json(ok ? 200 : 503, { schemaVersion: 1, ok, checks: results });
      }
      default:
        return json(404, { error: { code: 'not-found' } });
    }
  }
}

function json(status: number, body: object): Answer {
  return { status, type: JSON_TYPE, body: JSON.stringify(body) };
}
