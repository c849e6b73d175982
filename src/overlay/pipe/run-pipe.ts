// A relay's middle of a pipe: the section on the way in and the one on the way out, for as long as the streams that stand
// for it.
import type { Socket } from 'node:net';
import type { Stream } from '@libp2p/interface';
import { UnreachableError } from '../../realm/errors.ts';
import type { PipeWord } from './index.ts';
import { type JoinRules, joinSockets } from './join.ts';

/** The section on the way in. */
export interface PipeAcceptance {
  /** For the reply. */
  readonly word: PipeWord;
  /** May come much later than the word went out. */
  readonly socket: Promise<Socket>;
  cancel(): void;
}

/** The section on the way out. */
export interface Section {
  readonly socket: Socket;
  cancel(): void;
}

/** Never rejects. Whichever ends first, all end. */
export async function runPipe(
  streams: readonly Stream[],
  inward: PipeAcceptance,
  onward: Section,
  rules: JoinRules,
): Promise<void> {
  const cut = (): void => {
    inward.cancel();
    onward.cancel();
  };
  for (const stream of streams) {
    if (stream.status !== 'open') cut();
    stream.addEventListener('close', cut, { once: true });
  }
  try {
    await joinSockets(await inward.socket, onward.socket, rules).ended;
  } catch {
    // Nobody came for the section on the way in.
  }
  cut();
  for (const stream of streams) stream.abort(new UnreachableError('pipe-ended', 'the pipe of this stream has ended'));
}
