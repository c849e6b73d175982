// The frames of `/canopy/locate/1`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  type LocateReply,
  type LocateRequest,
} from '../../../src/overlay/location/locate/codec.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

/** Objects as literals make them. */
const PLAIN = { noNullPrototype: true } as const;

const bytes = fc.uint8Array({ maxLength: 300 });
const short = fc.string({ maxLength: 40, unit: 'grapheme-ascii' });
const requests: fc.Arbitrary<LocateRequest> = fc.oneof(
  fc.record({ kind: fc.constant('announce' as const), record: bytes }, PLAIN),
  fc.record({ kind: fc.constant('find' as const), realm: fc.constantFrom('ua', 'kyiv.ua').map(parseRealmName) }, PLAIN),
);
const replies: fc.Arbitrary<LocateReply> = fc.oneof(
  fc.record({ kind: fc.constant('noted' as const), host: short, stun: fc.array(short, { maxLength: 4 }) }, PLAIN),
  fc.record(
    {
      kind: fc.constant('found' as const),
      records: fc.array(bytes, { maxLength: 4 }),
      observed: fc.array(fc.record({ peerId: short, host: short }, PLAIN), { maxLength: 4 }),
    },
    PLAIN,
  ),
  fc.record({ kind: fc.constant('refused' as const), code: short }, PLAIN),
);

test('requests and replies decode to what was encoded', () => {
  fc.assert(fc.property(requests, (one) => assert.deepEqual(decodeRequest(encodeRequest(one)), one)));
  fc.assert(fc.property(replies, (one) => assert.deepEqual(decodeReply(encodeReply(one)), one)));
});

test('every truncation is refused', () => {
  fc.assert(
    fc.property(requests, replies, fc.nat(), (request, reply, cut) => {
      const [a, b] = [encodeRequest(request), encodeReply(reply)];
      assert.throws(() => decodeRequest(a.subarray(0, cut % a.length)), { code: 'locate-malformed' });
      assert.throws(() => decodeReply(b.subarray(0, cut % b.length)), { code: 'locate-malformed' });
    }),
  );
});

test('bytes that are no message are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (noise) => {
      assert.throws(() => decodeRequest(noise), { code: 'locate-malformed' });
    }),
  );
});
