// `/canopy/about/1`: its frames.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import { decodeAbout, decodeQuestion, encodeAbout, encodeQuestion } from '../../../src/protocols/about/index.ts';

const time = fc.nat(Number.MAX_SAFE_INTEGER);
const release = fc.stringMatching(/^[0-9a-z.-]{1,64}$/);

test('whatever a node says of itself reads back as written', () => {
  fc.assert(
    fc.property(fc.record({ time, release, certificateEnds: time }, { noNullPrototype: true }), (about) => {
      assert.deepEqual(decodeAbout(encodeAbout(about)), about);
    }),
  );
  decodeQuestion(encodeQuestion());
});

test('every truncation, another version and foreign values are refused', () => {
  const whole = encodeAbout({ time: 1_795_000_000_000, release: '0.1.0', certificateEnds: 1_797_000_000_000 });
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => decodeAbout(whole.subarray(0, length)), { code: 'malformed' });
  }
  const foreign = [
    [2, 1, '', 1],
    [1],
    [1, 1, ''],
    [1, -1, '', 1],
    [1, 1, 1, 1],
    [1, 1.5, '', 1],
    [1, 1, 'x'.repeat(65), 1],
    {},
    null,
  ];
  for (const value of foreign) {
    assert.throws(() => decodeAbout(encode(value)), { code: 'malformed' }, JSON.stringify(value));
  }
});
