// Frames of the live socket: what one side encodes the other decodes, and nothing shorter, longer or different.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import {
  type ClientFrame,
  decodeClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  encodeServerFrame,
  type ServerFrame,
} from '../../src/protocols/lan/frames.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const uuid = fc.uuid();
const time = fc.nat();
const cursor = fc.record({ incarnation: fc.nat(), n: fc.nat() });
const body = fc.uint8Array({ maxLength: 300 });
const userIds = fc.array(uuid.map(parseUserId), { minLength: 1, maxLength: 5 });
const conversation = uuid.map(parseConversationId);
const id = uuid.map(parseMessageId);
const is = <const T>(value: T) => fc.constant(value);

const clientFrames: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record({
    kind: is('hello'),
    versions: fc.array(fc.nat(), { maxLength: 3 }),
    capabilities: fc.array(fc.string({ maxLength: 8 })),
    cursor,
  }),
  fc.record({ kind: is('submit'), id, conversation, recipients: userIds, expires: time, body }),
  fc.record({ kind: is('read'), conversation, id }),
  fc.record({ kind: is('typing'), conversation, to: userIds }),
  fc.record({ kind: is('watch'), users: userIds }),
  fc.record({ kind: is('received'), cursor }),
  fc.record({ kind: is('ping') }),
);

const user = fc.record({
  id: uuid.map(parseUserId),
  address: fc.string({ maxLength: 20 }),
  name: fc.string({ maxLength: 20 }),
  kind: fc.constantFrom('person' as const, 'bot' as const),
});
const message = fc.record({
  id,
  conversation,
  sender: uuid.map(parseUserId),
  device: uuid.map(parseDeviceId),
  recipients: userIds,
  stamp: fc.record({ ms: time, counter: fc.nat() }),
  expires: time,
  state: fc.constantFrom('stored' as const, 'read' as const),
  path: fc.constantFrom('local' as const, 'direct-tcp' as const),
  body,
});
const serverFrames: fc.Arbitrary<ServerFrame> = fc.oneof(
  fc.record({
    kind: is('hello'),
    version: is(1),
    capabilities: is([] as string[]),
    realm: is(parseRealmName('kyiv.acme.ua')),
    user,
    device: uuid.map(parseDeviceId),
    time,
    heartbeat: time,
    reset: fc.boolean(),
  }),
  fc.record({ kind: is('event'), cursor, message, user }),
  fc.record({
    kind: is('receipt'),
    cursor,
    conversation,
    ids: fc.array(id),
    by: uuid.map(parseUserId),
    state: is('read'),
    at: time,
  }),
  fc.record({ kind: is('position'), cursor, conversation, upTo: id, at: time }),
  fc.record({ kind: is('removed'), cursor, conversation, id }),
  fc.record({ kind: is('stored'), id, stamp: fc.record({ ms: time, counter: fc.nat() }) }),
  fc.record({ kind: is('presence'), user: uuid.map(parseUserId), state: is('offline'), lastSeenAt: time }),
  fc.record({ kind: is('typing'), user: uuid.map(parseUserId), conversation, active: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('live' as const, 'pong' as const) }),
  fc.record({
    kind: is('error'),
    code: fc.string(),
    params: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.nat()),
    ref: fc.string(),
  }),
);

test('a frame of a client survives the way, and no truncation does', () => {
  fc.assert(
    fc.property(clientFrames, (frame) => {
      const bytes = encodeClientFrame(frame);
      assert.deepEqual(decodeClientFrame(bytes), structuredClone(frame));
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => decodeClientFrame(bytes.subarray(0, length)), { code: 'frame-malformed' });
      }
      assert.throws(() => decodeClientFrame(Uint8Array.of(...bytes, 0)), { code: 'frame-malformed' });
    }),
    { numRuns: 60 },
  );
});

test('a frame of a server survives the way, and no truncation does', () => {
  fc.assert(
    fc.property(serverFrames, (frame) => {
      const bytes = encodeServerFrame(frame);
      assert.deepEqual(decodeServerFrame(bytes), structuredClone(frame));
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => decodeServerFrame(bytes.subarray(0, length)), { code: 'frame-malformed' });
      }
    }),
    { numRuns: 60 },
  );
});

test('forms and limits hold', () => {
  const one = '7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10';
  const submit = { kind: 'submit', id: one, conversation: one, recipients: [one], expires: 0, body: new Uint8Array(1) };
  assert.equal(decodeClientFrame(encode(submit)).kind, 'submit');
  assert.equal(decodeClientFrame(encode({ ...submit, recipients: [] })).kind, 'submit', 'the members of a group');
  for (const change of [
    { id: one.toUpperCase() },
    { id: 'x' },
    { recipients: Array.from({ length: 1001 }, () => one) },
    { expires: -1 },
    { expires: 1.5 },
    { body: new Uint8Array(64 * 1024 + 1) },
    { body: 'text' },
    { kind: 'toString' },
  ]) {
    assert.throws(
      () => decodeClientFrame(encode({ ...submit, ...change })),
      { code: 'frame-malformed' },
      JSON.stringify(change).slice(0, 60),
    );
  }
});
