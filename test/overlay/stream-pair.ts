// Two ends of a muxed stream, without hosts around them.
import type { TestContext } from 'node:test';
import type { Stream } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { boundedYamux } from '../../src/overlay/bounded-yamux.ts';

const MIB = 1024 * 1024;

/** The end that opened it, and the other. */
export async function streamPair(t: TestContext): Promise<[Stream, Stream]> {
  const [ours, theirs] = multiaddrConnectionPair();
  const muxer = boundedYamux({ maxFrame: MIB, streamOptions: { maxStreamWindowSize: MIB } })();
  const [a, b] = [muxer.createStreamMuxer(ours), muxer.createStreamMuxer(theirs)];
  t.after(() => ours.abort(new Error('end of the test')));
  const arrived = new Promise<Stream>((resolve) => b.addEventListener('stream', ({ detail }) => resolve(detail)));
  return [await a.createStream(), await arrived];
}
