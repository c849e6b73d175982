// Which of several relays is taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Candidate, orderRelays, rankOf } from '../../../src/overlay/links/choice.ts';

const relay = (peerId: string, more: Partial<Candidate> = {}): Candidate => ({
  peerId,
  path: 'direct-tcp',
  rtt: 20,
  isSilent: false,
  ...more,
});
const first = (candidates: readonly Candidate[], inUse?: string) => orderRelays(candidates, inUse)[0]?.peerId;

test('a direct path is better than a relayed one that is shorter', () => {
  assert.equal(first([relay('a', { path: 'relayed', rtt: 1 }), relay('b')]), 'b');
});

test('among paths of one kind the shorter round trip is taken', () => {
  assert.equal(first([relay('a'), relay('b', { rtt: 9 })]), 'b');
});

test('one in use gives way to a clearly shorter one only', () => {
  assert.equal(first([relay('a'), relay('b', { rtt: 18 })], 'a'), 'a');
  assert.equal(first([relay('a'), relay('b', { rtt: 9 })], 'a'), 'b');
});

test('one that is silent is taken only where no other is left', () => {
  assert.equal(first([relay('a', { isSilent: true, rtt: 1 }), relay('b', { path: 'relayed' })], 'a'), 'b');
  assert.equal(first([relay('a', { isSilent: true })], 'a'), 'a');
});

const candidates = fc.uniqueArray(
  fc.record({
    peerId: fc.string({ minLength: 1, maxLength: 4 }),
    path: fc.constantFrom<Candidate['path']>('direct-tcp', 'direct-webrtc', 'relayed', 'unreachable'),
    rtt: fc.option(fc.double({ min: 0, max: 2_000, noNaN: true }), { nil: undefined }),
    isSilent: fc.boolean(),
  }),
  { selector: ({ peerId }) => peerId, maxLength: 4 },
);

test('each is tried once, no worse kind before a better one, and asking again changes nothing', () => {
  fc.assert(
    fc.property(candidates, fc.option(fc.string(), { nil: undefined }), (list, inUse) => {
      const ordered = orderRelays(list, inUse);
      assert.deepEqual(ordered.map(({ peerId }) => peerId).toSorted(), list.map(({ peerId }) => peerId).toSorted());
      const ranks = ordered.map(rankOf);
      assert.deepEqual(
        ranks,
        ranks.toSorted((a, b) => a - b),
      );
      assert.equal(first(list, ordered[0]?.peerId), ordered[0]?.peerId);
    }),
  );
});
