// Two streams joined at a relay: what is not taken is not asked for, and for ever nothing waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stream } from '@libp2p/interface';
import { STUCK_DEADLINE, splice } from '../../src/overlay/forward/splice.ts';
import { settled, until } from './hosts.ts';
import { streamPair } from './stream-pair.ts';

const LIMIT = { timeout: 20_000 };
const MIB = 1024 * 1024;
const PIECE = 64 * 1024;

/** Calls back when the test says so. */
class HandClock {
  readonly #due = new Map<object, { readonly delay: number; readonly callback: () => void }>();

  after(delay: number, callback: () => void): { cancel(): void } {
    const timer = {};
    this.#due.set(timer, { delay, callback });
    return { cancel: () => void this.#due.delete(timer) };
  }

  waits(delay: number): boolean {
    return [...this.#due.values()].some((due) => due.delay === delay);
  }

  ring(delay: number): void {
    for (const [timer, due] of this.#due) {
      if (due.delay !== delay) continue;
      this.#due.delete(timer);
      due.callback();
    }
  }
}

/** Writes as much as is taken. */
async function fill(stream: Stream): Promise<number> {
  let sent = 0;
  const send = (): void => {
    for (; sent < 64 * MIB && !stream.writableNeedsDrain; sent += PIECE) stream.send(new Uint8Array(PIECE));
  };
  stream.addEventListener('drain', send);
  send();
  return settled(() => sent);
}

test('a side that reads nothing is given a window and no more, and after a while up', LIMIT, async (t) => {
  const [writer, relayIn] = await streamPair(t);
  const [relayOut, reader] = await streamPair(t);
  const clock = new HandClock();
  reader.pause();
  const over = splice(relayIn, relayOut, { class: 'bulk', clock });
  const sent = await fill(writer);
  assert.ok(sent < 6 * MIB, `${sent} bytes were taken`);
  assert.ok(clock.waits(STUCK_DEADLINE));
  clock.ring(STUCK_DEADLINE);
  await over;
  await until(() => writer.status !== 'open' && reader.status !== 'open');
});

test('a side that reads again is not given up', LIMIT, async (t) => {
  const [writer, relayIn] = await streamPair(t);
  const [relayOut, reader] = await streamPair(t);
  const clock = new HandClock();
  reader.pause();
  void splice(relayIn, relayOut, { class: 'interactive', clock });
  for (let sent = 0; sent < 4 * MIB; sent += PIECE) writer.send(new Uint8Array(PIECE));
  await until(() => clock.waits(STUCK_DEADLINE));
  let taken = 0;
  reader.addEventListener('message', ({ data }) => (taken += data.byteLength));
  reader.resume();
  await until(() => taken === 4 * MIB);
  assert.equal(clock.waits(STUCK_DEADLINE), false);
  assert.equal(writer.status, 'open');
});

test('a stream that waits for its toll is not taken for stuck, and leaves no timer when it ends', LIMIT, async (t) => {
  const [writer, relayIn] = await streamPair(t);
  const [relayOut] = await streamPair(t);
  const clock = new HandClock();
  const toll = 120_000;
  const over = splice(relayIn, relayOut, { class: 'bulk', clock, forth: () => toll });
  for (let sent = 0; sent < MIB; sent += PIECE) writer.send(new Uint8Array(PIECE));
  await until(() => clock.waits(toll) && relayIn.readStatus === 'paused');
  assert.equal(clock.waits(STUCK_DEADLINE), false);
  writer.abort(new Error('enough'));
  await over;
  assert.equal(clock.waits(toll), false);
});
