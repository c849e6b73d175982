// The page locks after a while in which nobody touched it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdleLock } from '../../../node/web/model/idle-lock.ts';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { HandClock } from './hand-clock.ts';

const MINUTE = 60_000;

function lockAfter(minutes: 0 | 5 | 15) {
  const [clock, store] = [new HandClock(), memoryStore()];
  const locked: number[] = [];
  const lock = new IdleLock({ clock, store, onIdle: () => locked.push(clock.now()) });
  lock.setMinutes(minutes);
  lock.start();
  return { clock, store, lock, locked };
}

test('it locks once after the chosen minutes, and not before', () => {
  const { clock, locked } = lockAfter(5);
  clock.pass(5 * MINUTE - 1);
  assert.equal(locked.length, 0);
  clock.pass(1);
  assert.equal(locked.length, 1);
  clock.pass(60 * MINUTE);
  assert.equal(locked.length, 1);
});

test('whoever is here keeps it open', () => {
  const { clock, lock, locked } = lockAfter(5);
  for (let minute = 0; minute < 20; minute++) {
    clock.pass(MINUTE);
    lock.touch();
  }
  assert.equal(locked.length, 0);
  clock.pass(5 * MINUTE);
  assert.equal(locked.length, 1);
});

test('it never locks where nobody asked for it, and stops with the session', () => {
  const never = lockAfter(0);
  never.clock.pass(600 * MINUTE);
  assert.equal(never.locked.length, 0);
  const stopped = lockAfter(5);
  stopped.lock.stop();
  stopped.clock.pass(60 * MINUTE);
  stopped.lock.touch();
  assert.equal(stopped.locked.length, 0);
});

test('the choice is kept, what is no choice is not', () => {
  const { clock, store } = lockAfter(15);
  const again = new IdleLock({ clock, store, onIdle: () => undefined });
  assert.equal(again.minutes.value, 15);
  store.setItem('canopy.idle', '7');
  assert.equal(new IdleLock({ clock, store, onIdle: () => undefined }).minutes.value, 0);
});
