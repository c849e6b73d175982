// A stranger with one address and many sockets.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { MAX_WAITING_OF_ADDRESS } from '../../src/overlay/admission/waiting-room.ts';
import { startHost, until } from './hosts.ts';
import { Realms } from './realms.ts';

test('one address has so many silent connections at once, and another one still gets in', {
  timeout: 20_000,
}, async (t) => {
  const relay = await startHost(t, await new Realms('ua').identity('kyiv.acme.ua', 'relay'));
  const port = Number(/tcp\/(\d+)/.exec(relay.address)?.[1]);
  const heard = new Set<Socket>();
  const closed = new Set<Socket>();
  const knock = (localAddress: string): Socket => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {}).on('data', () => heard.add(socket));
    t.after(() => socket.destroy());
    return socket.once('close', () => closed.add(socket));
  };
  for (let count = 0; count < MAX_WAITING_OF_ADDRESS + 10; count += 1) knock('127.0.0.2');
  await until(() => closed.size === 10);
  const other = knock('127.0.0.3');
  other.write('\u0013/multistream/1.0.0\n');
  await until(() => heard.has(other));
  assert.equal(closed.size, 10);
  assert.ok(relay.events.every(({ reason }) => reason === 'too-many-waiting'));
});
