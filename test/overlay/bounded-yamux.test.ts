// Yamux that takes no frame longer than its window.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { boundedYamux } from '../../src/overlay/bounded-yamux.ts';

const MAX_FRAME = 256 * 1024;
const TIMEOUT = { timeout: 10_000 };

function muxerOver(connection: ReturnType<typeof multiaddrConnectionPair>[0]) {
  return boundedYamux({ maxFrame: MAX_FRAME })().createStreamMuxer(connection);
}

test('a stream that is opened on a connection that is ending does not end the process', TIMEOUT, async () => {
  const [ours] = multiaddrConnectionPair();
  const muxer = muxerOver(ours);
  const closing = ours.close();
  const stream = await muxer.createStream();
  // An error in the library's microtask would fail this test as an uncaught one.
  await new Promise<void>((resolve) => setImmediate(resolve));
  ours.abort(new Error('the cable was pulled'));
  await closing.catch(() => {});
  assert.notEqual(stream.status, 'open');
});

test('a stream between two muxers carries what is written', TIMEOUT, async () => {
  const [ours, theirs] = multiaddrConnectionPair();
  const [near, far] = [muxerOver(ours), muxerOver(theirs)];
  const arrived = new Promise<Uint8Array>((resolve) => {
    far.addEventListener('stream', ({ detail }) => {
      detail.addEventListener('message', ({ data }) => resolve(data.subarray()));
    });
  });
  const stream = await near.createStream();
  stream.send(Uint8Array.of(1, 2, 3));
  assert.deepEqual(await arrived, Uint8Array.of(1, 2, 3));
  ours.abort(new Error('end of the test'));
});

test('a frame that is announced longer than the window ends the connection', TIMEOUT, async () => {
  const [ours, theirs] = multiaddrConnectionPair();
  muxerOver(ours);
  const ended = new Promise<void>((resolve) => ours.addEventListener('close', () => resolve()));
  // Version 0, type data, no flags, stream 1, 4 GiB - 1.
  theirs.send(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff));
  await ended;
  assert.notEqual(ours.status, 'open');
});
