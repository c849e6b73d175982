// Content v1: each kind comes back as it went, hostile forms are refused, what a later version adds is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import { type Content, decodeContent, encodeContent, MAX_TEXT } from '../../src/crypto/content.ts';
import { textRoom } from '../../src/crypto/content-room.ts';
import { MAX_BODY } from '../../src/crypto/envelope.ts';
import { blobIdOf } from '../../src/realm/blob-id.ts';
import { parseDeviceId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';

const ID = '7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10';
const message = fc.uuid().map(parseMessageId);
const user = fc.uuid().map(parseUserId);
const text = fc.string({ unit: 'grapheme', maxLength: 100 });
const is = <const T>(value: T) => fc.constant(value);
const on = fc.boolean();
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const file = fc.record(
  {
    name: fc.string({ minLength: 1, maxLength: 20 }),
    size: fc.nat(),
    type: is('image/png'),
    blob: bytes(32).map(blobIdOf),
    key: bytes(32),
    prefix: bytes(7),
    hash: bytes(32),
    preview: fc.record(
      { type: is('image/webp'), bytes: fc.uint8Array(), width: fc.nat(4096), height: fc.nat(4096) },
      { noNullPrototype: true },
    ),
  },
  { requiredKeys: ['name', 'size', 'type', 'blob', 'key', 'prefix', 'hash'], noNullPrototype: true },
);
const stamp = fc.record({ ms: fc.nat(), counter: fc.nat() }, { noNullPrototype: true });
const place = fc.record({ target: message, device: fc.uuid().map(parseDeviceId), stamp }, { noNullPrototype: true });
const base = { sentAt: fc.nat(), after: fc.array(message, { minLength: 1, maxLength: 16 }) };
const mentions = fc.array(user, { maxLength: 3 });

type Parts = Record<string, fc.Arbitrary<unknown>>;
const isContent = (value: object): value is Content => 'kind' in value;

function kind(required: Parts, optional: Parts = {}): fc.Arbitrary<Content> {
  const requiredKeys = [...Object.keys(required), 'sentAt'];
  const parts: Parts = { ...base, ...required, ...optional };
  return fc
    .record(parts, { requiredKeys, noNullPrototype: true })
    .map((made: object) => (isContent(made) ? made : assert.fail()));
}

const contents: fc.Arbitrary<Content> = fc.oneof(
  kind({ kind: is('text'), text }, { replyTo: message, thread: message, mentions, expiresAfter: fc.nat() }),
  kind({ kind: is('edit'), target: message, text }, { mentions }),
  kind(
    { kind: is('delete'), targets: fc.array(message, { maxLength: 5 }) },
    { places: fc.array(place, { maxLength: 5 }) },
  ),
  kind({ kind: is('reaction'), target: message, emoji: fc.constantFrom('👍', '❤️', '好'), on }),
  kind({ kind: is('pin'), target: message, on }),
  kind({ kind: is('forward'), author: user, writtenAt: fc.nat(), text }, { file, expiresAfter: fc.nat() }),
  kind({ kind: is('profile') }, { name: text, picture: fc.uint8Array() }),
  kind({ kind: is('timer'), expiresAfter: fc.nat() }),
  kind({ kind: is('file'), file }, { text, replyTo: message, expiresAfter: fc.nat() }),
  kind({
    kind: is('note'),
    what: fc.constantFrom('joined', 'left', 'removed'),
    users: fc.array(user, { maxLength: 3 }),
  }),
);

test('each kind of content comes back as it went, and no truncation does', () => {
  fc.assert(
    fc.property(contents, (content) => {
      const made = encodeContent(content);
      assert.deepEqual(decodeContent(made), content);
      for (let length = 0; length < made.length; length += 7) {
        assert.throws(() => decodeContent(made.subarray(0, length)), { code: 'frame-malformed' });
      }
    }),
    { numRuns: 200 },
  );
});

test('the bytes of an edit are these', () => {
  const made = encodeContent({ kind: 'edit', target: parseMessageId(ID), text: 'так', sentAt: 5 });
  assert.equal(
    Buffer.from(made).toString('hex'),
    'a4646b696e646465646974647465787466d182d0b0d0ba6673656e7441740566746172676574507a1f9d0e6a554f2e8a0b51c3b2a49d10',
  );
});

test('forms that fit no kind are refused', () => {
  const target = Uint8Array.from({ length: 16 }, () => 1);
  const base = { sentAt: 1 };
  for (const item of [
    { ...base, kind: 'edit', text: 'x' },
    { ...base, kind: 'edit', target: target.subarray(1), text: 'x' },
    { ...base, kind: 'reaction', target, emoji: 'x'.repeat(65), on: true },
    { ...base, kind: 'reaction', target, emoji: '👍', on: 1 },
    { ...base, kind: 'delete', targets: Array.from({ length: 101 }, () => target) },
    { ...base, kind: 'note', what: 'promoted', users: [] },
    { ...base, kind: 'text', text: 'ї'.repeat(MAX_TEXT / 2 + 1) },
    { ...base, kind: 'text', text: 'x', after: Array.from({ length: 17 }, () => target) },
    { ...base, kind: 'file', file: { name: 'x' } },
    { ...base, kind: 'timer', expiresAfter: -1 },
    { kind: 'timer', expiresAfter: 1 },
    ['text'],
  ]) {
    assert.throws(() => decodeContent(encode(item)), { code: 'frame-malformed' }, JSON.stringify(item).slice(0, 60));
  }
});

test('a kind of a later version is kept with its bytes and its parents; a name of a built-in is no kind', () => {
  const after = [Uint8Array.from({ length: 16 }, () => 7)];
  for (const name of ['poll', 'toString', '__proto__']) {
    const bytes = encode({ kind: name, sentAt: 4, after, options: [] });
    const content = decodeContent(bytes);
    assert.deepEqual([content.kind, content.sentAt, content.after?.length], ['unknown', 4, 1]);
    assert.deepEqual(encodeContent(content), new Uint8Array(bytes));
  }
});

test('how much room a text has left is known before it is sent, in bytes', () => {
  assert.deepEqual(textRoom(''), { used: 0, left: MAX_TEXT });
  assert.deepEqual(textRoom('їжак'), { used: 8, left: MAX_TEXT - 8 });
  const full = '好'.repeat(MAX_TEXT / 3);
  assert.equal(textRoom(full).left, 0);
  assert.throws(() => encodeContent({ kind: 'text', text: `${full}!`, sentAt: 1 }), { code: 'text-too-long' });
  const users = Array.from({ length: 100 }, () => parseUserId(ID));
  const after = Array.from({ length: 16 }, () => parseMessageId(ID));
  const most = encodeContent({
    kind: 'text',
    text: full,
    sentAt: 2 ** 45,
    mentions: users,
    after,
    replyTo: parseMessageId(ID),
  });
  assert.ok(most.length < MAX_BODY - 1024, 'sealing has its room');
});
