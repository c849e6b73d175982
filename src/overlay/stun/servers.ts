// The STUN servers that we may ask: those of the settings and those that ancestors' relays named. Only our own realms'
// servers are ever in this list, none of a third party.
import { isIP } from 'node:net';
import type { Endpoint } from './message.ts';

const MAX_PER_SOURCE = 4;

export class StunServers {
  readonly #sources = new Map<string, readonly Endpoint[]>();

  /** Replaces what this source named before. */
  set(source: string, servers: readonly Endpoint[]): void {
    this.#sources.set(source, servers.slice(0, MAX_PER_SOURCE));
  }

  list(): Endpoint[] {
    const all = [...this.#sources.values()].flat();
    return all.filter((one, index) => all.findIndex((other) => sameEndpoint(one, other)) === index);
  }

  /** As WebRTC takes them. Never empty-handed to a default of the library: an empty list means no server at all. */
  iceServers(): { urls: string[] }[] {
    return this.list().map((server) => ({ urls: [`stun:${formatEndpoint(server)}`] }));
  }
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port;
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `HOST:PORT` or `[HOST]:PORT` with an IP address; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, six, four, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  return host !== undefined && isIP(host) !== 0 && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
