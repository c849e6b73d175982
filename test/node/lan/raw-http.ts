// Requests as no well-behaved client makes them.
import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends the lines and an empty one, then gives back all that comes until the server closes. */
export async function rawExchange(port: number, lines: readonly string[], body = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  socket.setTimeout(5_000, () => socket.destroy());
  let text = '';
  socket.on('data', (part) => {
    text += part;
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  await once(socket, 'close');
  return text;
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}
