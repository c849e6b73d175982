// The frames of `/canopy/punch/1`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodePunch, encodePunch, type PunchFrame } from '../../../src/overlay/links/punch/codec.ts';
import { isCredible } from '../../../src/overlay/links/punch/hole.ts';

/** Objects as literals make them. */
const PLAIN = { noNullPrototype: true } as const;

const ports = fc.integer({ min: 1, max: 65_535 });
const frames: fc.Arbitrary<PunchFrame> = fc.oneof(
  fc.constant({ kind: 'ask' as const }),
  fc.constant({ kind: 'dial' as const }),
  fc.record({ kind: fc.constant('dialled' as const), ok: fc.boolean() }, PLAIN),
  fc.record(
    {
      kind: fc.constant('outer' as const),
      outer: fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port: ports }, PLAIN),
    },
    PLAIN,
  ),
  fc.record({ kind: fc.constant('sync' as const), n: fc.integer({ min: 0, max: 65_535 }) }, PLAIN),
  fc.record({ kind: fc.constant('go' as const), round: fc.integer({ min: 0, max: 2 }) }, PLAIN),
  fc.record(
    { kind: fc.constant('refused' as const), code: fc.string({ maxLength: 40, unit: 'grapheme-ascii' }) },
    PLAIN,
  ),
);

test('a frame decodes to what was encoded', () => {
  fc.assert(fc.property(frames, (frame) => assert.deepEqual(decodePunch(encodePunch(frame)), frame)));
});

test('every truncation and every addition is refused', () => {
  fc.assert(
    fc.property(frames, fc.nat(), (frame, cut) => {
      const bytes = encodePunch(frame);
      assert.throws(() => decodePunch(bytes.subarray(0, cut % bytes.length)), { code: 'punch-malformed' });
      assert.throws(() => decodePunch(Uint8Array.from([...bytes, 0])), { code: 'punch-malformed' });
    }),
  );
});

test('a name of a host is no address', () => {
  const frame = encodePunch({ kind: 'outer', outer: { host: 'example.org', port: 1 } });
  assert.throws(() => decodePunch(frame), { code: 'punch-malformed' });
});

test('an address other than the one that an ancestor sees is not credible', () => {
  assert.ok(isCredible({ host: '60.0.2.1', port: 5 }, ['60.0.2.1']));
  assert.ok(!isCredible({ host: '60.0.2.2', port: 5 }, ['60.0.2.1']));
});

test('without an ancestor to ask, this host, this link and groups are not credible', () => {
  for (const host of [
    '127.0.0.1',
    '0.0.0.0',
    '169.254.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'ff02::1',
  ]) {
    assert.ok(!isCredible({ host, port: 5 }, undefined), host);
  }
  assert.ok(isCredible({ host: '60.0.2.1', port: 5 }, undefined));
  assert.ok(isCredible({ host: '2001:db8::1', port: 5 }, undefined));
});
