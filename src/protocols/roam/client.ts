// The visited node's side of /canopy/roam/1.
import type { Network, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, PeerError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import {
  CALL_DEADLINE,
  decodeRoamAnswer,
  encodeRoamRequest,
  FRAME_DEADLINE,
  MAX_ANSWER,
  MAX_FRAME,
  ROAM_PROTOCOL,
  type RoamAnswer,
  type RoamRequest,
} from './index.ts';

export interface RoamClientComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Pick<Clock, 'after'>;
}

/** @throws UnreachableError, PeerError, RefusedError */
export async function roamCall(
  parts: RoamClientComponents,
  home: RealmName,
  request: RoamRequest,
  signal: AbortSignal,
): Promise<RoamAnswer & { readonly body: Uint8Array }> {
  return within(parts.clock, CALL_DEADLINE, `answer of ${home}`, signal, async (limited) => {
    const stream = await parts.network.open(home, ROAM_PROTOCOL, { signal: limited, maxFrame: MAX_FRAME });
    try {
      await stream.write(encodeRoamRequest(request), limited);
      const first = await stream.read(limited);
      if (!first) throw new PeerError('malformed', `${home} ended the stream before an answer`);
      const body = await readAll(stream, limited);
      await stream.close();
      return { ...decodeRoamAnswer(first), body };
    } catch (error) {
      stream.abort(asError(error));
      throw error;
    }
  });
}

/** A stream that carries a live socket from then on. @throws UnreachableError, RefusedError */
export async function roamLive(
  parts: RoamClientComponents,
  home: RealmName,
  grant: string,
  from: string,
  signal: AbortSignal,
): Promise<Stream> {
  return within(parts.clock, FRAME_DEADLINE, `stream to ${home}`, signal, async (limited) => {
    const stream = await parts.network.open(home, ROAM_PROTOCOL, { signal: limited, maxFrame: MAX_FRAME });
    const request = { kind: 'live', grant, method: '', path: '', from, body: new Uint8Array() } as const;
    await stream.write(encodeRoamRequest(request), limited);
    return stream;
  });
}

async function readAll(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let part = await stream.read(signal); part; part = await stream.read(signal)) {
    size += part.length;
    if (size > MAX_ANSWER) throw new PeerError('frame-too-long', `an answer of more than ${MAX_ANSWER} bytes`);
    parts.push(part);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
