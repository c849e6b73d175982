// One request and one reply over a stream, both ends: `[request]`, then `['ok', reply]` or `[code]`.
import { CanopyError, codeOf, PeerError, UnreachableError } from '../../realm/errors.ts';
import type { Stream } from '../seam.ts';
import {
  ANSWER_DEADLINE,
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  type Issuer,
  type Reply,
} from './index.ts';

/** @throws UnreachableError with the other side's code */
export async function askOnce(stream: Stream, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  try {
    await stream.write(encodeRequest(request), signal);
    await stream.close();
    const frame = await stream.read(signal);
    if (!frame) throw new PeerError('bad-frame', 'the request was not answered');
    const reply = decodeReply(frame);
    if (reply.kind === 'refused') throw new UnreachableError(reply.code, `the request was not taken: ${reply.code}`);
    return reply.bytes;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

export async function answerOnce(stream: Stream, issuer: Issuer): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_DEADLINE);
  const frame = await stream.read(signal);
  if (!frame) return;
  await stream.write(encodeReply(await replyOf(decodeRequest(frame), issuer, signal)), signal);
}

async function replyOf(request: Uint8Array, issuer: Issuer, signal: AbortSignal): Promise<Reply> {
  try {
    return { kind: 'ok', bytes: await issuer(request, signal) };
  } catch (error) {
    return { kind: 'refused', code: error instanceof CanopyError ? codeOf(error) : 'no-answer' };
  }
}
