// Asks a STUN server for our outer address: over UDP with repeats, or over TCP from a local port that a punch will use.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { type Clock, sleep } from '../../realm/clock.ts';
import { PeerError, UnreachableError } from '../../realm/errors.ts';
import { connectFrom } from './connect-from.ts';
import {
  decodeStun,
  type Endpoint,
  encodeBindingRequest,
  MAX_STUN_MESSAGE,
  STUN_HEADER,
  stunLength,
  TRANSACTION_ID,
} from './message.ts';

/** RFC 8489 section 6.2.1 starts at 500 ms for unknown networks; our servers are few hops away and we wait for the answer. */
const FIRST_REPEAT = 250;
const MAX_REPEATS = 5;

/** Our outer address for a UDP socket of its own, or for one given. @throws UnreachableError `stun-silent` */
export async function askUdp(
  server: Endpoint,
  clock: Clock,
  signal: AbortSignal,
  given?: UdpSocket,
): Promise<Endpoint> {
  const socket = given ?? createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
  const done = new AbortController();
  try {
    const reply = awaitReply(socket, server, done.signal);
    reply.answer.catch(() => {});
    await Promise.race([
      reply.answer,
      repeat(socket, server, reply.request, clock, AbortSignal.any([signal, done.signal])),
    ]);
    return await reply.answer;
  } finally {
    done.abort();
    if (!given) socket.close();
  }
}

/** Never resolves before the answer could be there: it ends by throwing. */
async function repeat(
  socket: UdpSocket,
  server: Endpoint,
  request: Uint8Array,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  for (let round = 0; round < MAX_REPEATS; round++) {
    socket.send(request, server.port, server.host, () => {});
    await sleep(clock, FIRST_REPEAT * 2 ** round, signal);
  }
  throw new UnreachableError('stun-silent', `no answer from STUN at ${server.host}:${server.port} over UDP`);
}

function awaitReply(
  socket: UdpSocket,
  server: Endpoint,
  signal: AbortSignal,
): { request: Uint8Array; answer: Promise<Endpoint> } {
  const transaction = randomBytes(TRANSACTION_ID);
  const answer = new Promise<Endpoint>((resolve, reject) => {
    const onMessage = (message: Uint8Array, from: { address: string; port: number }) => {
      if (from.port !== server.port) return;
      const mapped = mappedOf(message, transaction);
      if (mapped) resolve(mapped);
    };
    socket.on('message', onMessage).once('error', reject);
    signal.addEventListener('abort', () => socket.off('message', onMessage).off('error', reject), { once: true });
  });
  return { request: encodeBindingRequest(transaction), answer };
}

/** Undefined for what isn't the answer to this request: anybody may send to a UDP port. */
function mappedOf(message: Uint8Array, transaction: Uint8Array): Endpoint | undefined {
  try {
    const reply = decodeStun(message);
    return reply.kind === 'success' && Buffer.from(reply.transaction).equals(transaction) ? reply.mapped : undefined;
  } catch {
    return undefined;
  }
}

export interface OuterAddress {
  readonly outer: Endpoint;
  readonly localPort: number;
  /** Keep it open while the mapping is needed; then destroy it. */
  readonly socket: Socket;
}

/** Our outer address for a local TCP port; port 0 takes a free one. @throws UnreachableError, PeerError */
export async function askTcp(server: Endpoint, localPort: number, signal: AbortSignal): Promise<OuterAddress> {
  const socket = await connectFrom(localPort, server, signal);
  try {
    const transaction = randomBytes(TRANSACTION_ID);
    socket.write(encodeBindingRequest(transaction));
    const mapped = mappedOf(await readMessage(socket, signal), transaction);
    if (!mapped || socket.localPort === undefined) {
      throw new PeerError('stun-malformed', `STUN at ${server.host}:${server.port} gave no address`);
    }
    socket.on('error', () => {});
    return { outer: mapped, localPort: socket.localPort, socket };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function readMessage(socket: Socket, signal: AbortSignal): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  while (bytes.length < STUN_HEADER || bytes.length < stunLength(bytes)) {
    const [data]: unknown[] = await Promise.race([once(socket, 'data', { signal }), ended(socket, signal)]);
    if (!(data instanceof Uint8Array)) throw new PeerError('stun-malformed', 'the STUN server hung up');
    bytes = Buffer.concat([bytes, data]);
    if (bytes.length > MAX_STUN_MESSAGE) throw new PeerError('stun-malformed', 'the STUN answer is too long');
  }
  return bytes;
}

async function ended(socket: Socket, signal: AbortSignal): Promise<unknown[]> {
  await once(socket, 'end', { signal });
  return [];
}
