// The LAN side of a node: pages, API and live sockets on one address, over TLS 1.2 or later. It serves and never fetches:
// nothing here opens a connection to anywhere (docs/protocols/lan-api.md).
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { LAN_TLS } from '../../src/pki/lan-check.ts';
import { InputError, LocalError, messageOf } from '../../src/realm/errors.ts';
import { formatHostPort, isLoopbackHost } from '../../src/settings/host-port.ts';
import type { LanDoor } from '../roaming/roam-host.ts';
import { createApp } from './app.ts';
import { createCallers, createTokenOf } from './caller.ts';
import type { LanComponents, LanSettings } from './components.ts';
import { sessionCookie } from './cookies.ts';
import { createDoor } from './door.ts';
import { createGuard, type Guard } from './guard.ts';
import { LiveHub, refuseUpgrade } from './live/live-hub.ts';
import { clientNetworks } from './networks.ts';
import { readPages } from './pages.ts';
import { securityHeaders } from './security-headers.ts';

/** A request's head must be there in 10 s and all of it in 30 s; a writer of a byte a minute is cut. */
const HTTP_LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
} as const;
const MAX_CONNECTIONS = 20_000;
const MAX_REQUESTS_PER_SOCKET = 10_000;

export interface LanServer {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** After start: `https://HOST:PORT` by the first name of the settings. */
  readonly url: string;
  readonly port: number;
  /** For the connections to come; open ones go on as they are. Nothing happens without TLS. */
  setTls(tls: NonNullable<LanSettings['tls']>): void;
  /** For own users who work in another branch's LAN. */
  readonly door: LanDoor;
  gauges(): Readonly<Record<string, number>>;
}

/** @throws InputError `lan-needs-tls`, `bad-network` */
export function createLanServer(components: LanComponents, settings: LanSettings): LanServer {
  checkPlain(settings);
  const secure = settings.tls !== undefined;
  const server = createHttp(settings);
  const guard = createGuard({
    secure,
    names: settings.names,
    port: () => portOf(server),
    maySpeak: clientNetworks(settings.host, settings.networks),
  });
  const cookie = sessionCookie(components.realm, secure);
  const callers = createCallers(components, cookie);
  const hub = new LiveHub(components, callers, createTokenOf(cookie));
  const door = createDoor(hub, callers);
  const [name = settings.host] = settings.names;
  let unsubscribe = (): void => {};
  return {
    get port() {
      return portOf(server);
    },
    get url() {
      return `${secure ? 'https' : 'http'}://${formatHostPort({ host: name, port: portOf(server) })}`;
    },
    start: async () => {
      const pages = settings.pages === undefined ? undefined : await readPages(settings.pages);
      const app = createApp({ components, cookie, secure, pages, demo: settings.demo });
      door.open(app.fetch);
      const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
      attach(server, { guard, hub, answer, secure, log: components.log });
      await listen(server, settings);
      hub.start();
      unsubscribe = onLock(components, server);
    },
    door,
    gauges: () => hub.gauges(),
    setTls: (tls) => {
      if (server instanceof SecureServer) server.setSecureContext(tlsContext(tls));
    },
    stop: async () => {
      const closed = server.listening ? once(server, 'close') : Promise.resolve();
      server.close();
      unsubscribe();
      await hub.stop();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What is half answered when the lock comes ends there. Guests who were here log in anew when it goes. */
function onLock({ lock, guests }: LanComponents, server: Server): () => void {
  if (!lock) return () => {};
  return lock.onChange((now) => {
    if (now) server.closeAllConnections();
    else guests?.endAll();
  });
}

function createHttp({ tls }: LanSettings): Server {
  const server = tls
    ? createSecureServer({
        ...HTTP_LIMITS,
        ...tlsContext(tls),
        ALPNProtocols: ['http/1.1'],
      })
    : createServer(HTTP_LIMITS);
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  return server;
}

function tlsContext({ key, chain }: NonNullable<LanSettings['tls']>) {
  return { ...LAN_TLS, key, cert: chain };
}

/** Plain HTTP never leaves the host, and only by names that no DNS resolves to any other place (RFC 6761 section 6.3). */
function checkPlain({ tls, host, names }: LanSettings): void {
  const isLocal = isLoopbackHost(host) && names.every((name) => /(^|\.)localhost$/.test(name));
  if (tls || (isLocal && names.length > 0)) return;
  throw new InputError('lan-needs-tls', `plain HTTP at ${host} as ${names.join(', ') || 'no name'} is refused`, {
    hint: 'Give a certificate, or listen on 127.0.0.1 under a name that ends in .localhost.',
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function listen(server: Server, { host, port }: LanSettings): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const place = formatHostPort({ host, port });
    const why = isTaken ? 'another program listens there' : messageOf(cause);
    throw new LocalError(isTaken ? 'port-in-use' : 'cannot-listen', `the node can't listen on ${place}: ${why}`, {
      cause,
      hint: 'Stop what uses the port, or give another address with lan.listen in canopy.toml.',
    });
  }
}

interface Parts {
  readonly guard: Guard;
  readonly hub: LiveHub;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly secure: boolean;
  readonly log: LanComponents['log'];
}

function attach(server: Server, { guard, hub, answer, secure, log }: Parts): void {
  const refused = (request: IncomingMessage, code: string) =>
    log.warn({ code, from: request.socket.remoteAddress }, 'request refused');
  server.on('request', (request, response) => {
    const refusal = guard.check(request);
    if (!refusal) return void answer(request, response);
    refused(request, refusal.code);
    const body = JSON.stringify({ error: { code: refusal.code } });
    response.writeHead(refusal.status, {
      ...securityHeaders(secure),
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    });
    response.end(body);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = guard.check(request);
    if (!refusal) return hub.upgrade(request, socket, head);
    refused(request, refusal.code);
    refuseUpgrade(socket, refusal);
  });
  // CONNECT asks for a tunnel; there is none.
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    refused(request, 'method-refused');
    refuseUpgrade(socket, { status: 405, code: 'method-refused' });
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) refuseUpgrade(socket, { status: 400, code: 'request-malformed' });
    else socket.destroy();
  });
}
