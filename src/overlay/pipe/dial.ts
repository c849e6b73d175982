// Dials a section of a pipe, where a connection that we dialled and that is admitted leads.
import { connect, type Socket } from 'node:net';
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { UnreachableError } from '../../realm/errors.ts';
import { DIAL_DEADLINE, MAGIC, PIPE_FAILED, type Ticket } from './index.ts';
import { settle } from './join.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Where the connection was dialled; undefined when it was not dialled by us, or not straight over TCP. */
export function placeOf(connection: Pick<Connection, 'direction' | 'remoteAddr'>): Place | undefined {
  if (connection.direction !== 'outbound') return undefined;
  const [host, tcp, ...rest] = connection.remoteAddr.getComponents();
  const isPlain = rest.every(({ name }) => name === 'p2p');
  if (!isPlain || tcp?.name !== 'tcp' || !host?.value || !/^(ip4|ip6|dns|dns4|dns6)$/.test(host.name)) return undefined;
  return { host: host.value, port: Number(tcp.value) };
}

/** Resolves when the ticket is on its way. @throws UnreachableError `pipe-failed`; the signal's reason */
export async function dialPipe(
  place: Place,
  ticket: Ticket,
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<Socket> {
  try {
    return await within(clock, DIAL_DEADLINE, 'pipe', signal, (limit) => dial(place, ticket, limit));
  } catch (cause) {
    signal.throwIfAborted();
    throw new UnreachableError(PIPE_FAILED, `no pipe to ${place.host}:${place.port}`, { cause });
  }
}

function dial({ host, port }: Place, ticket: Ticket, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host, port });
    settle(socket);
    const failed = (cause?: Error): void => {
      settled();
      socket.destroy();
      reject(cause ?? signal.reason);
    };
    const onAbort = (): void => failed();
    const settled = (): void => {
      socket.off('error', failed);
      signal.removeEventListener('abort', onAbort);
    };
    socket.once('error', failed);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      settled();
      socket.write(Buffer.concat([MAGIC, ticket]));
      resolve(socket);
    });
  });
}
