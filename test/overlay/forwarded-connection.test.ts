// A stream that its peer ended in the packet that answered us is over before anybody could listen for its end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';

import { forwardedConnection } from '../../src/overlay/forward/forwarded-connection.ts';
import { whenOver } from '../../src/overlay/when-over.ts';
import { systemClock } from '../../src/realm/clock.ts';

import { until } from './hosts.ts';
import { streamPair } from './stream-pair.ts';

const LIMIT = { timeout: 20_000 };
const ADDRESS = multiaddr('/ip4/127.0.0.1/tcp/4443');

test(
  'a stream that was reset before it was taken is no connection, and nobody waits for its handshake',
  LIMIT,
  async (t) => {
    const [stream, peer] = await streamPair(t);
    peer.abort(new Error('the peer goes'));
    await until(() => stream.status === 'reset');
    const connection = forwardedConnection(stream, ADDRESS, 'interactive', systemClock);
    assert.equal(connection.status, 'aborted');
    assert.throws(() => connection.send(new Uint8Array(1)));
  },
);

test('a stream whose other side had ended before it was taken ends too', LIMIT, async (t) => {
  const [stream, peer] = await streamPair(t);
  await peer.close();
  await until(() => stream.remoteWriteStatus === 'closed');
  const connection = forwardedConnection(stream, ADDRESS, 'interactive', systemClock);
  await until(() => connection.status === 'closed');
});

test('whoever waits for the end of a stream hears of it once, be it over or not', LIMIT, async (t) => {
  const [stream, peer] = await streamPair(t);
  let calls = 0;
  whenOver(stream, () => calls++);
  assert.equal(calls, 0);
  peer.abort(new Error('the peer goes'));
  await until(() => calls === 1);
  whenOver(stream, () => calls++);
  assert.equal(calls, 2);
});
