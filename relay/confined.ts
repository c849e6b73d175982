// Takes from a thread the freedom to connect over TCP to whom it likes. The library that speaks UPnP fetches whatever address an
// answer names, follows where that redirects to, and posts to whatever place the description names; it offers no hook for any of
// these. All of them end in the same method of Node's sockets, and the thread has nothing else to do.
import { Socket } from 'node:net';
import { LocalError } from '../src/realm/errors.ts';

/** From now on, and for this thread alone. @param mayReach by the text of an IP address; names and paths are never reached */
export function confineThread(mayReach: (host: string) => boolean): void {
  const connect = Socket.prototype.connect;
  const confined = function (this: Socket, ...given: unknown[]): Socket {
    const host = hostOf(given);
    if (host !== undefined && mayReach(host)) return Reflect.apply(connect, this, given);
    return this.destroy(
      new LocalError('not-the-router', `an answer led to ${host ?? 'no host'}, which is not the router`),
    );
  };
  Reflect.set(Socket.prototype, 'connect', confined);
}

/** Of `connect(options)`, `connect(port, host)`, and of the list of arguments that Node's own parts hand on. */
function hostOf([first, second]: readonly unknown[]): string | undefined {
  if (Array.isArray(first)) return hostOf(first);
  if (typeof first === 'object' && first !== null && 'host' in first && !('path' in first && first.path))
    return textOf(first.host);
  return typeof first === 'number' ? textOf(second) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
