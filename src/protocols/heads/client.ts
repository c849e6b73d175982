// The asker's side of /canopy/heads/1.
import type { Network } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeCertified, decodeSeen, encodeQuestion, type Question, type Seen } from './frames.ts';
import { FRAME_DEADLINE, HEADS_PROTOCOL, MAX_FRAME } from './index.ts';

export interface HeadsAsker {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Clock;
}

/** What the witness has seen of this realm. @throws PeerError, UnreachableError, InputError `malformed` */
export async function askSeen(asker: HeadsAsker, witness: RealmName, signal: AbortSignal): Promise<Seen> {
  return decodeSeen(await exchange(asker, witness, 'ask', signal));
}

/** The certificate of a new incarnation, not checked. @throws as askSeen */
export async function askIncarnation(asker: HeadsAsker, parent: RealmName, signal: AbortSignal): Promise<Uint8Array> {
  return decodeCertified(await exchange(asker, parent, 'certify', signal));
}

async function exchange(
  { network, clock }: HeadsAsker,
  to: RealmName,
  question: Question,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const stream = await within(clock, FRAME_DEADLINE, `stream to ${to}`, signal, (limited) =>
    network.open(to, HEADS_PROTOCOL, { signal: limited, maxFrame: MAX_FRAME }),
  );
  try {
    await within(clock, FRAME_DEADLINE, 'room to write', signal, (limited) =>
      stream.write(encodeQuestion(question), limited),
    );
    const frame = await within(clock, FRAME_DEADLINE, 'answer', signal, (limited) => stream.read(limited));
    if (!frame) throw new PeerError('malformed', `${to} ended the stream without an answer`);
    await stream.close();
    return frame;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
