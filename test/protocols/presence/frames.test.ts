// The codec of the presence protocol.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import * as fc from 'fast-check';
import {
  decodePresenceFrame,
  encodePresenceFrame,
  type PresenceFrame,
} from '../../../src/protocols/presence/frames.ts';
import { MAX_WATCHED } from '../../../src/protocols/presence/index.ts';
import { parseConversationId, parseUserId } from '../../../src/realm/ids.ts';

const plain = { noNullPrototype: true };
const user = fc.uuid({ version: [4] }).map(parseUserId);
const users = fc.array(user, { maxLength: 6 });
const state = fc.record({ user, online: fc.boolean(), lastSeenAt: fc.nat({ max: Number.MAX_SAFE_INTEGER }) }, plain);
const frames: fc.Arbitrary<PresenceFrame> = fc.oneof(
  fc.record({ kind: fc.constant('watch' as const), users }, plain),
  fc.record({ kind: fc.constant('states' as const), states: fc.array(state, { maxLength: 6 }) }, plain),
  fc.record(
    {
      kind: fc.constant('typing' as const),
      user,
      conversation: fc.uuid({ version: [8] }).map(parseConversationId),
      active: fc.boolean(),
      to: users,
    },
    plain,
  ),
);

test('every frame comes back as it went, and every truncation is refused', () => {
  fc.assert(
    fc.property(frames, fc.nat(), (frame, cut) => {
      const encoded = encodePresenceFrame(frame);
      assert.deepEqual(decodePresenceFrame(encoded), frame);
      assert.throws(() => decodePresenceFrame(encoded.subarray(0, cut % encoded.length)), { code: 'frame-malformed' });
    }),
  );
});

test('too many users, other kinds and maps are refused', () => {
  const crowd = Array.from({ length: MAX_WATCHED + 1 }, () => new Uint8Array(16));
  assert.throws(() => decodePresenceFrame(encode([0, crowd])), { code: 'frame-malformed' });
  for (const hostile of [[3, []], [0], {}, [0, { length: 1 }], [1, [[new Uint8Array(16), 1, 0]]]]) {
    assert.throws(() => decodePresenceFrame(encode(hostile)), { code: 'frame-malformed' });
  }
});
