// How a program in Node reaches a node's LAN side: fetch and WebSocket for the client library, with the LAN authority's
// certificate, and with *.localhost on loopback whatever the resolver says (RFC 6761 section 6.3).
import { lookup as systemLookup } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { WebSocket } from 'ws';
import type { HttpAnswer, HttpFetch, HttpInit, OpenSocket } from '../../src/client/client.ts';
import { InputError, PeerError } from '../../src/realm/errors.ts';

/** Bytes of an answer; the largest is a page of 200 messages of 64 KiB in base64. */
const MAX_ANSWER = 24 * 1024 * 1024;
/** Milliseconds that sockets may take to say goodbye. */
const CLOSE_DEADLINE = 2_000;

export interface NodePlatform {
  readonly fetch: HttpFetch;
  readonly openSocket: OpenSocket;
  /** Resolves when what was written is out and every socket is closed. */
  close(): Promise<void>;
}

function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

const lookup: LookupFunction = (hostname, options, callback) => {
  if (!isLocalhost(hostname)) return systemLookup(hostname, options, callback);
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** `ca`: PEM of what vouches for the server; without it, what Node trusts. */
export function nodePlatform({ ca }: { readonly ca?: string } = {}): NodePlatform {
  const trust = ca === undefined ? {} : { ca };
  const agents = { https: new HttpsAgent({ keepAlive: true, ...trust }), http: new HttpAgent({ keepAlive: true }) };
  const sockets = new Set<WebSocket>();
  return {
    fetch: (url, init) => exchange(url, init, { agent: url.startsWith('https:') ? agents.https : agents.http, lookup }),
    openSocket: (url, protocol, headers) => {
      const options = { headers, lookup, ...trust, perMessageDeflate: false, followRedirects: false };
      const socket = new WebSocket(url, [protocol], options);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
    close: async () => {
      await Promise.all([...sockets].map(closed));
      agents.https.destroy();
      agents.http.destroy();
    },
  };
}

/** A session must not cross a network in clear. @throws InputError `bad-server` */
export function checkServer(server: string): void {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol === 'https:') return;
  if (url?.protocol === 'http:' && (isLocalhost(url.hostname) || url.hostname === '127.0.0.1')) return;
  throw new InputError('bad-server', `"${server}" is not the address of a server`, {
    hint: 'Write https://NAME:PORT; http is for *.localhost alone.',
  });
}

function exchange(url: string, init: HttpInit, options: RequestOptions): Promise<HttpAnswer> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const { method, headers, body, signal } = init;
  return new Promise((resolve, reject) => {
    const request = send(url, { ...options, method, headers, ...(signal && { signal }) }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > MAX_ANSWER) request.destroy(new PeerError('answer-too-long', `more than ${MAX_ANSWER} bytes`));
        else parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(parts);
        const header = (name: string): string | null => {
          const value = response.headers[name.toLowerCase()];
          return typeof value === 'string' ? value : null;
        };
        resolve({
          status: response.statusCode ?? 0,
          headers: { get: header },
          json: async (): Promise<unknown> => JSON.parse(whole.toString('utf8')),
          arrayBuffer: async () => new Uint8Array(whole).buffer,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => socket.terminate(), CLOSE_DEADLINE);
    socket.once('close', () => {
      clearTimeout(deadline);
      resolve();
    });
    socket.close();
  });
}
