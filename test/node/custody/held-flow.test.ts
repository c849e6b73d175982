// What a custodian offers next of a pair's backlog.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeldRecord } from '../../../node/custody/custody-store.ts';
import { HeldFlow } from '../../../node/custody/held-flow.ts';
import { ACME, KYIV, ODESA, UA } from './tree-of-branches.ts';

function record(n: number, passedAt = 0): HeldRecord {
  const id = { origin: KYIV, destination: ODESA, incarnation: 1, first: n, last: n };
  return { ...id, heldAt: 1000 + n, expiry: 0, bytes: 1, from: ACME, ref: new Uint8Array(16), trail: [], passedAt };
}

function flowOf(count: number): HeldFlow {
  const flow = new HeldFlow(KYIV, ODESA, UA);
  for (let n = 1; n <= count; n++) flow.add(record(n));
  return flow;
}

const numbersOf = (flow: HeldFlow, now: number): number[] => {
  const taken: number[] = [];
  for (let next = flow.take(now); next; next = flow.take(now)) taken.push(next.first);
  return taken;
};

test('what waits is offered in order, what broke or was declined again before what is newer', () => {
  const flow = flowOf(4);
  const [one, two, three] = [flow.take(0), flow.take(0), flow.take(0)];
  assert.ok(one && two && three);
  flow.answered(two, { kind: 'broken' }, 0);
  assert.equal(flow.take(0), two);
  flow.answered(one, { kind: 'declined', code: 'body-altered' }, 0);
  flow.answered(three, { kind: 'taken' }, 0);
  assert.deepEqual(numbersOf(flow, 0), [4]);
  assert.deepEqual(numbersOf(flow, 5_000), [1]);
  assert.deepEqual(numbersOf(flow, 10 * 60_000), [3], 'not settled in time: handed on again');
});

test('what is declined for all of them blocks the pair until its time, or until it is unblocked', () => {
  const flow = flowOf(2);
  const one = flow.take(0);
  assert.ok(one);
  flow.answered(one, { kind: 'declined', code: 'realm-unknown' }, 0);
  assert.deepEqual([flow.code, numbersOf(flow, 4_999)], ['realm-unknown', []]);
  flow.unblock();
  assert.deepEqual(numbersOf(flow, 0), [1, 2]);
});

test('what was settled meanwhile is neither offered nor answered', () => {
  const flow = flowOf(3);
  const one = flow.take(0);
  assert.ok(one);
  assert.equal(flow.drop(({ first }) => first < 3).length, 2);
  assert.equal(flow.answered(one, { kind: 'taken' }, 0), undefined);
  assert.deepEqual([flow.size, flow.oldest, numbersOf(flow, 0)], [1, 1003, [3]]);
});

test('a backlog of 50,000 batches is handed on, each once', { timeout: 20_000 }, () => {
  const flow = flowOf(50_000);
  let count = 0;
  for (let next = flow.take(0); next; next = flow.take(0)) {
    flow.answered(next, { kind: 'taken' }, 0);
    count++;
  }
  assert.equal(count, 50_000);
});
