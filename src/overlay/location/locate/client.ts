// The asking side of `/canopy/locate/1`.
import type { Connection } from '@libp2p/interface';
import { PeerError, RefusedError } from '../../../realm/errors.ts';
import { handshakeFrames } from '../../wire.ts';
import { decodeReply, encodeRequest, type LocateReply, type LocateRequest } from './codec.ts';
import { LOCATE_PROTOCOL, LOCATE_TIMEOUT, MAX_REPLY } from './index.ts';

type Answer<Kind extends LocateReply['kind']> = Extract<LocateReply, { kind: Kind }>;

export async function announce(
  connection: Connection,
  record: Uint8Array,
  signal: AbortSignal,
): Promise<Answer<'noted'>> {
  const reply = await ask(connection, { kind: 'announce', record }, signal);
  if (reply.kind !== 'noted') throw new PeerError('locate-malformed', `"${reply.kind}" is no reply to an announcement`);
  return reply;
}

export async function find(
  connection: Connection,
  request: LocateRequest & { kind: 'find' },
  signal: AbortSignal,
): Promise<Answer<'found'>> {
  const reply = await ask(connection, request, signal);
  if (reply.kind !== 'found') throw new PeerError('locate-malformed', `"${reply.kind}" is no reply to a search`);
  return reply;
}

/** @throws RefusedError with the code of the reply, PeerError `locate-malformed` */
async function ask(connection: Connection, request: LocateRequest, signal: AbortSignal): Promise<LocateReply> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LOCATE_TIMEOUT)]);
  const stream = await connection.newStream(LOCATE_PROTOCOL, { signal: limit, runOnLimitedConnection: true });
  try {
    const frames = handshakeFrames(stream, MAX_REPLY);
    await frames.write(encodeRequest(request), { signal: limit });
    const reply = decodeReply((await frames.read({ signal: limit })).slice());
    await stream.close({ signal: limit });
    if (reply.kind === 'refused')
      throw new RefusedError(reply.code, `the ancestor refuses to ${request.kind}: ${reply.code}`);
    return reply;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
