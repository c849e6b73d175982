// A group can be joined whatever its members did before: a history in which a leaf is not merged in a node and merged in the one above, or
// the other way round. Many more in joinable.long.ts.
import { test } from 'node:test';
import { tryJoining } from './joinable.ts';

test('a welcome leads into a tree whose nodes list different leaves as not merged', { timeout: 60_000 }, () => {
  return tryJoining(2, 25, -536512949);
});
