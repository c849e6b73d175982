// What a destination remembers of errands: none is taken twice, also when there were too many to remember.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { SeenErrands } from '../../../node/errands/seen-errands.ts';
import { KYIV, LVIV } from './errand-tree.ts';

const id = (n: number): Uint8Array => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
};

test('an errand is taken once of each origin', () => {
  const seen = new SeenErrands();
  assert.deepEqual(
    [seen.add(KYIV, id(1), 5), seen.add(KYIV, id(1), 5), seen.add(KYIV, id(1), 6)],
    [true, false, false],
  );
  assert.equal(seen.add(LVIV, id(1), 5), true, 'ids are each origin’s own');
});

test('whatever comes in whatever order, nothing is ever taken twice', () => {
  const errands = fc.array(fc.nat({ max: 1500 }), { minLength: 2500, maxLength: 3500 });
  fc.assert(
    fc.property(errands, (all) => {
      const seen = new SeenErrands();
      const taken = new Set<number>();
      for (const n of all) {
        // An errand's time is signed with its id.
        if (!seen.add(KYIV, id(n), n % 50)) continue;
        assert.ok(!taken.has(n), `${n} a second time`);
        taken.add(n);
      }
    }),
    { numRuns: 30 },
  );
});

test('when there were too many, what is as old as the forgotten is refused and what is newer is taken', () => {
  const seen = new SeenErrands();
  for (let n = 0; n < 1025; n++) assert.equal(seen.add(KYIV, id(n), n), true);
  assert.equal(seen.add(KYIV, id(0), 0), false, 'forgotten, and refused for its age');
  assert.equal(seen.add(KYIV, id(5000), 0), false);
  assert.equal(seen.add(KYIV, id(5001), 2000), true);
});
