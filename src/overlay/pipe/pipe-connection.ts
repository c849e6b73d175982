// A pipe as the bare connection that a node's upgrader takes. The stream that stands for it ends with it; when the stream
// ends first, the relay cuts the pipe.
import type { Socket } from 'node:net';
import type { MultiaddrConnection, Stream } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { UnreachableError } from '../../realm/errors.ts';
import { socketConnection } from '../links/punch/socket-connection.ts';

export function pipeConnection(socket: Socket, stream: Stream, remoteAddr: Multiaddr): MultiaddrConnection {
  const log = stream.log.newScope('pipe');
  const connection = socketConnection({ socket, remoteAddr, direction: stream.direction, log });
  const isOver = new UnreachableError('pipe-ended', 'the pipe of this stream has ended');
  connection.addEventListener('close', () => stream.abort(isOver));
  stream.addEventListener('close', () => {
    // A whole second for what the kernel still holds of an end in order.
    if (connection.status === 'open') socket.setTimeout(LAST_BYTES);
  });
  if (socket.destroyed) connection.abort(isOver);
  return connection;
}

const LAST_BYTES = 1_000;
