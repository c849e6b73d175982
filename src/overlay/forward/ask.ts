// The asking side of a forwarded stream, as a relay hands it on.
import type { Stream } from '@libp2p/interface';
import { UnreachableError } from '../../realm/errors.ts';
import { handshakeFrames } from '../wire.ts';
import { decodeReply, encodeHeader } from './codec.ts';
import { type ForwardConsent, type ForwardHeader, MAX_HEADER } from './index.ts';

/** Hands the header to the next program. @throws UnreachableError with its code */
export async function ask(stream: Stream, header: ForwardHeader, signal: AbortSignal): Promise<ForwardConsent> {
  const frames = handshakeFrames(stream, MAX_HEADER);
  await frames.write(encodeHeader(header), { signal });
  const reply = decodeReply((await frames.read({ signal })).subarray());
  frames.unwrap();
  if (reply.kind === 'refused') throw new UnreachableError(reply.code, `${header.destination} refused the stream`);
  return reply;
}
