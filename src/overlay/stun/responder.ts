// The STUN responder of a relay: answers Binding requests over UDP and TCP with the address they came from, and nothing
// else (RFC 8489). No authentication, no redirection. An answer is at most 24 bytes longer than its request, so that it is
// worth nothing for amplification. Over TCP a connection may stay open for a while: whoever punches keeps it to hold the
// mapping in its NAT.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../realm/clock.ts';
import { LocalError, messageOf } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { canonicalIp, ownerOfIp } from './ip-address.ts';
import {
  decodeStun,
  type Endpoint,
  encodeBindingSuccess,
  encodeUnknownAttributes,
  MAX_STUN_MESSAGE,
  STUN_HEADER,
  stunLength,
} from './message.ts';
import { RateLimiter } from './rate-limit.ts';

/** RFC 8489 section 6.2.1 lets a client send 7 requests within 40 s; one address may hold many clients. */
const EACH_SOURCE = { perSecond: 20, burst: 100 };
const ALL_SOURCES = { perSecond: 2000, burst: 4000 };
const MAX_TCP_CONNECTIONS = 512;
const MAX_TCP_CONNECTIONS_PER_HOST = 32;
const MAX_REQUESTS_PER_CONNECTION = 16;
/** Covers a whole round of punching attempts. */
const TCP_LIFETIME = 30_000;

export interface StunResponderComponents {
  readonly clock: Clock;
  readonly log: Log;
}

export class StunResponder {
  readonly #components: StunResponderComponents;
  readonly #listen: readonly Endpoint[];
  readonly #limiter: RateLimiter;
  readonly #udp: UdpSocket[] = [];
  readonly #tcp: Server[] = [];
  readonly #connections = new Map<Socket, string>();

  /** @param listen port 0 takes a free one, the same for UDP and TCP */
  constructor(components: StunResponderComponents, listen: readonly Endpoint[]) {
    this.#components = components;
    this.#listen = listen;
    this.#limiter = new RateLimiter(components.clock, EACH_SOURCE, ALL_SOURCES);
  }

  /** Where it listens, once started. */
  get addresses(): Endpoint[] {
    return this.#tcp.map((server) => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        throw new LocalError('stun-closed', 'the responder is closed');
      return { host: address.address, port: address.port };
    });
  }

  /** @throws LocalError `stun-listen` */
  async start(): Promise<void> {
    try {
      for (const { host, port } of this.#listen) await this.#udpListen(host, await this.#tcpListen(host, port));
    } catch (cause) {
      await this.stop();
      throw new LocalError('stun-listen', `STUN can't listen: ${messageOf(cause)}`, {
        cause,
        hint: 'Give another address with stun = ["HOST:PORT"] in canopy.toml, or stop what holds the port.',
      });
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections.keys()) socket.destroy();
    const closed = [
      ...this.#udp.map((socket) => new Promise<void>((resolve) => void socket.close(() => resolve()))),
      ...this.#tcp.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
    ];
    this.#udp.length = 0;
    this.#tcp.length = 0;
    await Promise.all(closed);
  }

  async #tcpListen(host: string, port: number): Promise<number> {
    const server = createServer((socket) => this.#accept(socket));
    server.maxConnections = MAX_TCP_CONNECTIONS;
    server.listen({ host, port, ipv6Only: host.includes(':') });
    await once(server, 'listening');
    this.#tcp.push(server);
    const address = server.address();
    return address === null || typeof address === 'string' ? port : address.port;
  }

  async #udpListen(host: string, port: number): Promise<void> {
    const six = host.includes(':');
    const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six });
    socket.on('message', (message, from) => {
      const reply = this.#answer(message, { host: from.address, port: from.port });
      if (reply) socket.send(reply, from.port, from.address, () => {});
    });
    socket.bind({ address: host, port });
    await once(socket, 'listening');
    socket.on('error', (error) => this.#components.log.warn({ error: error.message }, 'stun socket error'));
    this.#udp.push(socket);
  }

  #accept(socket: Socket): void {
    const host = socket.remoteAddress ?? '';
    socket.on('error', () => socket.destroy());
    const owner = host === '' ? '' : ownerOfIp(host);
    const siblings = [...this.#connections.values()].filter((other) => other === owner).length;
    if (host === '' || siblings >= MAX_TCP_CONNECTIONS_PER_HOST) return void socket.destroy();
    this.#connections.set(socket, owner);
    const lifetime = this.#components.clock.after(TCP_LIFETIME, () => socket.destroy());
    socket.once('close', () => {
      lifetime.cancel();
      this.#connections.delete(socket);
    });
    this.#serve(socket, { host, port: socket.remotePort ?? 0 });
  }

  #serve(socket: Socket, from: Endpoint): void {
    let pending = new Uint8Array(0);
    let requests = 0;
    socket.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      try {
        while (pending.length >= STUN_HEADER && pending.length >= stunLength(pending)) {
          const length = stunLength(pending);
          const reply = this.#answer(pending.subarray(0, length), from);
          pending = pending.subarray(length);
          if (!reply || ++requests > MAX_REQUESTS_PER_CONNECTION) return void socket.destroy();
          socket.write(reply);
        }
      } catch {
        socket.destroy();
      }
      if (pending.length > MAX_STUN_MESSAGE) socket.destroy();
    });
  }

  /** Undefined: say nothing, to whoever sent no proper request or too many. */
  #answer(message: Uint8Array, from: Endpoint): Uint8Array | undefined {
    // Port 0 can be written into a packet and not be answered: to try would throw where nobody catches.
    if (from.port === 0 || !this.#limiter.take(ownerOfIp(from.host))) return undefined;
    try {
      const request = decodeStun(message);
      if (request.kind !== 'request') return undefined;
      if (request.unknown.length > 0) return encodeUnknownAttributes(request.transaction, request.unknown);
      return encodeBindingSuccess(request.transaction, { host: canonicalIp(from.host), port: from.port });
    } catch {
      return undefined;
    }
  }
}
