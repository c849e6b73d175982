// One request and one reply over a stream, both ends: `[request]`, then `['ok', reply]` or `[code]`.
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, CanopyError, codeOf, PeerError, UnreachableError } from '../../realm/errors.ts';
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

const NEVER = new AbortController().signal;
const TIMEOUT = 'timeout';

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
    stream.abort(asError(error));
    throw error;
  }
}

export function answerOnce(stream: Stream, issuer: Issuer, clock: Pick<Clock, 'after'>): Promise<void> {
  return within(clock, ANSWER_DEADLINE, 'answer', NEVER, (signal) => answer(stream, issuer, signal));
}

async function answer(stream: Stream, issuer: Issuer, signal: AbortSignal): Promise<void> {
  const frame = await stream.read(signal);
  if (!frame) return;
  await stream.write(encodeReply(await replyOf(decodeRequest(frame), issuer, signal)), signal);
}

/** Why a request got no reply, for whoever sent it. */
export function refusalOf(error: unknown): string {
  const code = error instanceof CanopyError ? codeOf(error) : TIMEOUT;
  return code === TIMEOUT ? 'no-answer' : code;
}

async function replyOf(request: Uint8Array, issuer: Issuer, signal: AbortSignal): Promise<Reply> {
  try {
    return { kind: 'ok', bytes: await issuer(request, signal) };
  } catch (error) {
    return { kind: 'refused', code: refusalOf(error) };
  }
}
