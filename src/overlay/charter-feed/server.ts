// The relay's side of `/canopy/charter/1`.
import type { Stream as RawStream } from '@libp2p/interface';
import { asError, CanopyError, codeOf, messageOf } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { FramedStream } from '../framed-stream.ts';
import type { Peer } from '../seam.ts';
import { type CharterFrame, decodeCharterFrame, encodeCharterAnswer, MAX_CHARTER_FRAME } from './index.ts';

/** Resolves when what holds is on disk; what does not hold is passed over. */
export type TakeCharter = (frame: CharterFrame) => Promise<void>;

/** Resolves when the node has gone. */
export async function serveCharter(raw: RawStream, peer: Peer, take: TakeCharter, log: Log): Promise<void> {
  const stream = new FramedStream(raw, { peer, path: { kind: 'local', hops: [] }, maxFrame: MAX_CHARTER_FRAME });
  try {
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      await take(decodeCharterFrame(frame));
      await stream.write(encodeCharterAnswer());
    }
    await stream.close();
  } catch (error) {
    log.warn({ code: codeOf(error), error: messageOf(error) }, 'charter no longer taken from the own node');
    if (error instanceof CanopyError) await stream.write(encodeCharterAnswer(error.code)).catch(() => {});
    stream.abort(asError(error));
  }
}
