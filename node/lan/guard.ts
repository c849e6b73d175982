// The first look at every request, before any route and before an upgrade: is it meant for this server, by a name that it
// has, from a page that is its own, from a computer of its network? Anything that looks like use as a proxy, like DNS
// rebinding or like another page's script ends here.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { plainAddress } from './networks.ts';

/** What is refused, with the HTTP status that goes with it. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
}

export interface Guard {
  /** Undefined lets the request pass. */
  check(request: IncomingMessage): Refusal | undefined;
  /** The only origin whose pages may talk to this server by the name that this request used. */
  originOf(request: IncomingMessage): string;
}

export interface GuardInit {
  readonly secure: boolean;
  readonly names: readonly string[];
  readonly port: () => number;
  readonly maySpeak: (address: string) => boolean;
}

const METHODS = new Set(['GET', 'HEAD', 'POST']);
const DEFAULT_PORT = { https: '443', http: '80' };

export function createGuard(init: GuardInit): Guard {
  const scheme = init.secure ? 'https' : 'http';
  const names = new Set(init.names.map((name) => name.toLowerCase()));

  const isOwnName = (request: IncomingMessage, host: string): boolean => {
    const { hostname, port } = splitHost(host);
    if ((port || DEFAULT_PORT[scheme]) !== String(init.port())) return false;
    // A literal address that the client really reached can't be rebound by anybody's DNS.
    const reached = request.socket.localAddress;
    return names.has(hostname) || (init.secure && isIP(hostname) !== 0 && hostname === plainAddress(reached ?? ''));
  };

  const originOf = (request: IncomingMessage): string => `${scheme}://${(request.headers.host ?? '').toLowerCase()}`;

  const check = (request: IncomingMessage): Refusal | undefined => {
    if (!init.maySpeak(request.socket.remoteAddress ?? '')) return { status: 403, code: 'not-from-here' };
    if (!METHODS.has(request.method ?? '')) return { status: 405, code: 'method-refused' };
    // Absolute, authority and asterisk forms (RFC 9112 section 3.2) are for proxies; we are none.
    if (!/^\/(?!\/)/.test(request.url ?? '')) return { status: 400, code: 'request-malformed' };
    const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    if (hosts.length !== 1 || !isOwnName(request, request.headers.host ?? ''))
      return { status: 421, code: 'host-refused' };
    const { origin } = request.headers;
    if (origin !== undefined && origin.toLowerCase() !== originOf(request))
      return { status: 403, code: 'origin-refused' };
    const site = request.headers['sec-fetch-site'];
    if (site === 'cross-site' && !isNavigation(request)) return { status: 403, code: 'origin-refused' };
    return undefined;
  };
  return { check, originOf };
}

/** Somebody followed a link to a page of ours; no script of the other page sees the answer. */
function isNavigation(request: IncomingMessage): boolean {
  const path = request.url ?? '';
  return request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate' && !path.startsWith('/api/');
}

/** `[::1]:8443`, `chat.example:8443`, `chat.example`. */
function splitHost(host: string): { hostname: string; port: string } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/.exec(host.toLowerCase());
  return { hostname: match?.[1] ?? match?.[2] ?? '', port: match?.[3] ?? '' };
}
