// The end of a stream, also of one that ended before anybody listened: a peer's last frame and its reset may come in one packet,
// and whoever has read that frame gets to run only after both.
import type { Stream } from '@libp2p/interface';

export function isOver({ status }: Pick<Stream, 'status'>): boolean {
  return status !== 'open' && status !== 'closing';
}

/** Calls once, at once when the stream is over already. */
export function whenOver(stream: Pick<Stream, 'status' | 'addEventListener'>, call: () => void): void {
  if (isOver(stream)) call();
  else stream.addEventListener('close', call, { once: true });
}
