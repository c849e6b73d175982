// What a live socket is given in one turn leaves in one call, in order, and before the turn ends.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gatherWrites } from '../../../node/lan/live/gathered-writes.ts';

function counted() {
  const calls: string[] = [];
  const socket = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      calls.push(String(chunk));
      done();
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  return { calls, socket };
}

test('frames of one turn leave together, also those of promises that resolve in it', { timeout: 10_000 }, async () => {
  const { calls, socket } = counted();
  const gather = gatherWrites(socket);
  for (const frame of ['a', 'b', 'c']) {
    gather();
    socket.write(frame);
    await undefined;
  }
  assert.deepEqual(calls, []);
  await nextTurn();
  assert.deepEqual(calls, ['abc']);
  gather();
  socket.write('d');
  await nextTurn();
  assert.deepEqual(calls, ['abc', 'd']);
});

test('a socket that ends or breaks in the same turn neither keeps frames back nor throws', {
  timeout: 10_000,
}, async () => {
  const ending = counted();
  gatherWrites(ending.socket)();
  ending.socket.write('last');
  ending.socket.end();
  const broken = counted();
  gatherWrites(broken.socket)();
  broken.socket.write('lost');
  broken.socket.destroy();
  await nextTurn();
  assert.deepEqual([ending.calls, broken.calls], [['last'], []]);
});
