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
  partsOf,
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
  { body, ...request }: Omit<RoamRequest, 'size'> & { readonly body: Uint8Array },
  signal: AbortSignal,
): Promise<RoamAnswer & { readonly body: Uint8Array }> {
  return within(parts.clock, CALL_DEADLINE, `answer of ${home}`, signal, async (limited) => {
    const stream = await parts.network.open(home, ROAM_PROTOCOL, { signal: limited, maxFrame: MAX_FRAME });
    try {
      await stream.write(encodeRoamRequest({ ...request, size: body.length }), limited);
      for (const part of partsOf(body)) await stream.write(part, limited);
      const first = await stream.read(limited);
      if (!first) throw new PeerError('malformed', `${home} ended the stream before an answer`);
      const answered = await readAll(stream, limited);
      await stream.close();
      return { ...decodeRoamAnswer(first), body: answered };
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
    const request = { kind: 'live', grant, method: '', path: '', from, type: '', range: '', size: 0 } as const;
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
