// Waits until a stream of libp2p takes more. Not `stream.onDrain()`, whose promise works once.
import type { MessageStream } from '@libp2p/interface';
import { PeerError } from '../realm/errors.ts';

/** @throws PeerError `stream-reset` when the stream ends first; the signal's reason */
export async function roomToWrite(stream: MessageStream, signal?: AbortSignal): Promise<void> {
  while (stream.writableNeedsDrain) await drained(stream, signal);
}

function drained(stream: MessageStream, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => () => {
      stream.removeEventListener('drain', onDrain);
      stream.removeEventListener('close', onClose);
      signal?.removeEventListener('abort', onAbort);
      then();
    };
    const onDrain = settle(resolve);
    const onClose = settle(() => reject(new PeerError('stream-reset', 'the stream ended while we were writing')));
    const onAbort = settle(() => reject(signal?.reason));
    if (stream.status !== 'open' && stream.status !== 'closing') return onClose();
    if (signal?.aborted) return onAbort();
    stream.addEventListener('drain', onDrain);
    stream.addEventListener('close', onClose);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
