// The asking side of `/canopy/locate/1`.
import { PeerError, RefusedError } from '../../../realm/errors.ts';
import { decodeReply, encodeRequest, type LocateReply, type LocateRequest } from './codec.ts';
import type { LocateWay } from './way.ts';

type Answer<Kind extends LocateReply['kind']> = Extract<LocateReply, { kind: Kind }>;

export async function announce(way: LocateWay, record: Uint8Array, signal: AbortSignal): Promise<Answer<'noted'>> {
  const reply = await ask(way, { kind: 'announce', record }, signal);
  if (reply.kind !== 'noted') throw new PeerError('locate-malformed', `"${reply.kind}" is no reply to an announcement`);
  return reply;
}

export async function find(
  way: LocateWay,
  request: LocateRequest & { kind: 'find' },
  signal: AbortSignal,
): Promise<Answer<'found'>> {
  const reply = await ask(way, request, signal);
  if (reply.kind !== 'found') throw new PeerError('locate-malformed', `"${reply.kind}" is no reply to a search`);
  return reply;
}

/** @throws RefusedError with the code of the reply, PeerError `locate-malformed` */
async function ask(way: LocateWay, request: LocateRequest, signal: AbortSignal): Promise<LocateReply> {
  const reply = decodeReply(await way.ask(encodeRequest(request), signal));
  if (reply.kind === 'refused')
    throw new RefusedError(reply.code, `the ancestor refuses to ${request.kind}: ${reply.code}`);
  return reply;
}
