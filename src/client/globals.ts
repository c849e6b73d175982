// The fetch and the WebSocket that browsers and Node bring along.
import type { HttpFetch, LiveSocket, OpenSocket } from './platform.ts';

/**
 * Past the cache of the browser: nothing of the API may lie there, and there requests for parts of one file wait for each other, also for
 * those that were given up.
 */
export const globalFetch: HttpFetch = (url, init) => fetch(url, { ...init, cache: 'no-store' });

/** A browser sends the cookie by itself and no headers of ours; Node's own WebSocket takes them in its second argument. */
export const globalSocket: OpenSocket = (url, protocol, headers): LiveSocket => {
  if (Object.keys(headers).length === 0) return new WebSocket(url, protocol);
  const socket: LiveSocket = Reflect.construct(WebSocket, [url, { protocols: [protocol], headers }]);
  return socket;
};
