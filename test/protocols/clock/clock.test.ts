// `/canopy/clock/1`: frames, and the skew that is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion } from '../../../src/protocols/clock/index.ts';

test('any time reads back as written', () => {
  fc.assert(fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (time) => decodeAnswer(encodeAnswer(time)) === time));
  decodeQuestion(encodeQuestion());
});

test('every truncation, another version and foreign values are refused', () => {
  const whole = encodeAnswer(1_795_000_000_000);
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => decodeAnswer(whole.subarray(0, length)), { code: 'malformed' });
  }
  for (const value of [[2, 1], [1], [1, 1, 1], [1, -1], [1, 'x'], [1, 1.5], {}, null]) {
    assert.throws(() => decodeAnswer(encode(value)), { code: 'malformed' }, JSON.stringify(value));
  }
});
