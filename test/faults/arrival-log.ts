// What a node keeps of a user's arrivals, read from its very beginning over a socket of its own: the client library would hide
// a message that is there twice.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import type { Client } from '../../src/client/client.ts';
import { decodeServerFrame, encodeClientFrame } from '../../src/protocols/lan/frames.ts';
import type { MessageId } from '../../src/realm/ids.ts';

/** A node that was never restored from a backup. */
const FIRST_INCARNATION = 1;

/** Ids of messages, as often and in the order in which they arrived. */
export async function arrivals(server: string, { me }: Client): Promise<MessageId[]> {
  const platform = nodePlatform();
  const headers = { authorization: `Bearer ${me?.token}` };
  const socket = platform.openSocket(`${server.replace('http', 'ws')}/api/v1/live`, 'canopy.v1', headers);
  if (!(socket instanceof WebSocket)) throw new Error('no socket of Node');
  const ids: MessageId[] = [];
  const { promise: live, resolve, reject } = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    const frame = decodeServerFrame(new Uint8Array(data));
    if (frame.kind === 'hello' && frame.reset) reject(new Error('the node has another incarnation'));
    if (frame.kind === 'event') ids.push(frame.message.id);
    if (frame.kind === 'live') resolve();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the node closed the socket')));
  await once(socket, 'open');
  const cursor = { incarnation: FIRST_INCARNATION, n: 0 };
  socket.send(encodeClientFrame({ kind: 'hello', versions: [1], capabilities: [], cursor }));
  try {
    await live;
    return ids;
  } finally {
    await platform.close();
  }
}
