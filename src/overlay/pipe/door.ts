// Stands before the upgrader of a relay: a connection that begins as a pipe does is taken from libp2p before anything is
// negotiated. @libp2p/tcp offers no way to look at a socket first, so this reaches for the socket of its connection.
import { Socket } from 'node:net';
import type { MultiaddrConnection, StreamMessageEvent, Upgrader } from '@libp2p/interface';
import { AbstractMultiaddrConnection } from '@libp2p/utils';
import type { Admissions } from '../admission/admissions.ts';
import { MAGIC, TICKET_BYTES } from './index.ts';
import { settle } from './join.ts';
import type { Tickets } from './tickets.ts';

const HELLO = MAGIC.length + TICKET_BYTES;

/** @param admissions is told of each pipe, so that it is not audited as a connection that was refused */
export function openDoor(upgrader: Upgrader, tickets: Tickets, admissions: Pick<Admissions, 'markAudited'>): void {
  const upgradeInbound = upgrader.upgradeInbound.bind(upgrader);
  upgrader.upgradeInbound = async (connection, options) => {
    const socket = socketOf(connection);
    const door =
      socket &&
      connection instanceof AbstractMultiaddrConnection &&
      watch(connection, socket, (hello) => {
        const isPipe = isHello(hello) && tickets.redeem(hello.slice(MAGIC.length, HELLO), socket);
        if (isPipe) admissions.markAudited(connection);
        return isPipe;
      });
    try {
      await upgradeInbound(connection, options);
    } catch (error) {
      // A pipe is no connection of libp2p's, and no failure to be told of.
      if (!door || !door.isTaken()) throw error;
    }
  };
}

function socketOf(connection: MultiaddrConnection): Socket | undefined {
  return 'socket' in connection && connection.socket instanceof Socket ? connection.socket : undefined;
}

/** First of all listeners: libp2p's come when the upgrade begins. */
function watch(
  connection: AbstractMultiaddrConnection,
  socket: Socket,
  redeem: (hello: Uint8Array) => boolean,
): { isTaken(): boolean } {
  let isTaken = false;
  let heard = new Uint8Array(0);
  const onMessage = (event: StreamMessageEvent): void => {
    const data = event.data.subarray();
    if (heard.length === 0 && data[0] !== MAGIC[0]) return connection.removeEventListener('message', onMessage);
    event.stopImmediatePropagation();
    heard = Buffer.concat([heard, data]);
    if (heard.length < HELLO) return;
    connection.removeEventListener('message', onMessage);
    isTaken = true;
    take(connection, socket);
    if (redeem(heard)) {
      if (heard.length > HELLO) socket.unshift(heard.subarray(HELLO));
    } else socket.destroy();
  };
  connection.addEventListener('message', onMessage);
  return { isTaken: () => isTaken };
}

/** For libp2p the connection has ended; the socket goes on without it. */
function take(connection: AbstractMultiaddrConnection, socket: Socket): void {
  socket.pause();
  for (const event of ['data', 'end', 'drain', 'timeout', 'close', 'error']) socket.removeAllListeners(event);
  settle(socket);
  connection.onTransportClosed();
}

function isHello(heard: Uint8Array): boolean {
  return MAGIC.every((byte, index) => heard[index] === byte);
}
