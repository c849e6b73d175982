// The asker's side of a protocol in which a stream is one question and one answer; answering.ts is the other side.
import type { Network, OpenOptions } from '../overlay/seam.ts';
import type { Clock } from '../realm/clock.ts';
import { within } from '../realm/deadline.ts';
import { asError, PeerError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';

export interface AskingComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Pick<Clock, 'after'>;
}

export interface Asking<T> extends Pick<OpenOptions, 'class'> {
  readonly protocol: string;
  /** Bytes of the answer, at most. */
  readonly maxFrame: number;
  /** Milliseconds for each of: the stream, room to write, the answer. */
  readonly deadline: number;
  readonly question: Uint8Array;
  /** Throws for what is no answer to the question; the stream is then torn down. */
  readonly decode: (answer: Uint8Array) => T;
}

/** @throws PeerError `stream-ended`; UnreachableError, RefusedError of the way there; what `decode` throws; the signal's reason */
export async function ask<T>(
  { network, clock }: AskingComponents,
  realm: RealmName,
  { protocol, maxFrame, deadline, question, decode, class: priority }: Asking<T>,
  signal: AbortSignal,
): Promise<T> {
  const stream = await within(clock, deadline, `stream to ${realm}`, signal, (limited) =>
    network.open(realm, protocol, { signal: limited, maxFrame, ...(priority && { class: priority }) }),
  );
  try {
    await within(clock, deadline, 'room to write', signal, (limited) => stream.write(question, limited));
    const frame = await within(clock, deadline, `answer of ${realm}`, signal, (limited) => stream.read(limited));
    if (!frame) throw new PeerError('stream-ended', `${realm} gave no answer`);
    const answer = decode(frame);
    await stream.close();
    return answer;
  } catch (error) {
    stream.abort(asError(error));
    throw error;
  }
}
