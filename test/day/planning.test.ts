// The generated day itself: the same seed makes the same one, and each can be played.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { outcomeOf } from './outcome.ts';
import { pairsOf, planDay } from './planning.ts';
import { branchOf, type Day, deviceKey, isWriting, type Step } from './steps.ts';

const LIMIT = { timeout: 60_000 };
const shapes = fc.record({
  branches: fc.integer({ min: 2, max: 3 }),
  people: fc.integer({ min: 4, max: 12 }),
  acts: fc.integer({ min: 20, max: 120 }),
  groups: fc.integer({ min: 1, max: 3 }),
  largestFile: fc.integer({ min: 0, max: 1_000_000 }),
});
const days = fc.tuple(fc.integer(), shapes).map(([seed, shape]) => planDay(seed, shape));
const each = (check: (day: Day) => void) => fc.assert(fc.property(days, check), { numRuns: 60 });

test('a seed makes the same day again, and another seed another', LIMIT, () => {
  each(({ seed, shape, steps }) => {
    assert.deepEqual(planDay(seed, shape).steps, steps);
    assert.notDeepEqual(planDay(seed ^ 1, shape).steps, steps);
  });
});

test('whoever acts is logged in, on, and in the chat', LIMIT, () => {
  each(({ steps, shape }) => {
    const on = new Map<string, boolean>();
    steps.forEach((step, index) => {
      if (!('by' in step)) return;
      const key = deviceKey(step.by);
      if (step.act === 'login') assert.ok(!on.has(key));
      else assert.equal(on.get(key), step.act !== 'on', `${step.act} at ${index}`);
      on.set(key, step.act !== 'off');
      if (!('chat' in step) || step.act === 'make') return;
      const chat = outcomeOf(steps.slice(0, index), pairsOf(shape)).get(step.chat);
      assert.ok(chat?.members.has(step.by.person), `${step.act} at ${index} by one who is not in it`);
    });
  });
});

test('nobody needs to see what cannot have come to his branch', LIMIT, () => {
  each(({ steps, shape }) => {
    let cut: number | undefined;
    const held = new Map<number, number>();
    for (const step of steps) {
      if (step.act === 'cut') cut = step.branch;
      if (step.act === 'heal') {
        cut = undefined;
        held.clear();
      }
      if (cut === undefined || !isWriting(step)) continue;
      const branch = branchOf(step.by.person, shape);
      for (const { event } of step.sees) {
        const from = held.get(event);
        assert.ok(from === undefined || (from === cut) === (branch === cut), `event ${event} on the other side`);
      }
      held.set(step.event, branch);
    }
    assert.equal(cut, undefined, 'what was cut is healed');
  });
});

test('members change only between two settlements, and never while a branch is cut off', LIMIT, () => {
  each(({ steps }) => {
    let isCut = false;
    steps.forEach((step: Step, index) => {
      if (step.act === 'cut' || step.act === 'heal') isCut = step.act === 'cut';
      if (step.act !== 'invite' && step.act !== 'remove' && step.act !== 'leave') return;
      assert.ok(!isCut);
      assert.equal(steps[index - 1]?.act, 'settle');
      assert.ok(steps.slice(index + 1, index + 3).some(({ act }) => act === 'settle'));
    });
  });
});

test('a day has everything that a day has', LIMIT, () => {
  const { steps } = planDay(1, { branches: 3, people: 12, acts: 400, groups: 3, largestFile: 1000 });
  const seen = new Set(steps.map(({ act }) => act));
  const writing = ['say', 'file', 'edit', 'delete', 'react', 'rename'];
  const other = ['make', 'invite', 'remove', 'leave', 'login', 'off', 'on', 'restart', 'cut', 'heal', 'kill', 'settle'];
  assert.deepEqual([...seen].sort(), [...writing, ...other].sort());
  assert.equal(steps.filter(({ act }) => act === 'login').length, 24);
  assert.equal(steps.at(-1)?.act, 'settle');
});
