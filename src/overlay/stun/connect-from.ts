// An outgoing TCP connection from a local port of our choice. Several such sockets may share a port as long as their other
// ends differ and nothing listens there: libuv sets SO_REUSEADDR when it binds, which Node does only if asked to.
import { connect, isIPv6, type Socket } from 'node:net';
import { messageOf, UnreachableError } from '../../realm/errors.ts';
import type { Endpoint } from './message.ts';

/** @param localPort 0 for any @throws UnreachableError `tcp-connect`, or the signal's reason */
export function connectFrom(localPort: number, to: Endpoint, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = connect({
      host: to.host,
      port: to.port,
      localPort,
      localAddress: isIPv6(to.host) ? '::' : '0.0.0.0',
      noDelay: true,
    });
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect).off('error', onError);
      end();
    };
    const onAbort = () => settle(() => (socket.on('error', () => {}).destroy(), reject(signal.reason)));
    const onConnect = () => settle(() => resolve(socket));
    const onError = (cause: Error) =>
      settle(() => (socket.destroy(), reject(new UnreachableError('tcp-connect', messageOf(cause), { cause }))));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', onConnect).once('error', onError);
  });
}
