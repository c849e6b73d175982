// What is the user's own, as it lies in the vault and on the device.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeDraft,
  decodeMarks,
  decodeTime,
  encodeDraft,
  encodeMarks,
  encodeTime,
  MAX_MARKS,
} from '../../../src/client/personal/forms.ts';
import { decode, encode } from '../../../src/client/personal/timed-notes.ts';
import { parseConversationId, parseMessageId } from '../../../src/realm/ids.ts';

const time = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const marks = fc.array(fc.record({ arrivedAt: time, at: time }, { noNullPrototype: true }), { maxLength: MAX_MARKS });
const id = fc.uuid({ version: 4 }).map(parseMessageId);
const draft = fc.record(
  { text: fc.string({ maxLength: 200 }), replyTo: id, at: time },
  { requiredKeys: ['text', 'at'], noNullPrototype: true },
);
const stamp = fc.record({ ms: time, counter: fc.nat({ max: 1000 }) }, { noNullPrototype: true });
const conversation = fc.uuid({ version: 4 }).map(parseConversationId);
const changes = fc.array(id, { maxLength: 3 });
const timed = fc.record({ conversation, stamp, after: time, changes }, { noNullPrototype: true });

test('read marks, times, drafts and what disappears come back from their bytes', () => {
  fc.assert(fc.property(marks, (value) => assert.deepEqual(decodeMarks(encodeMarks(value)), value)));
  fc.assert(fc.property(time, (value) => assert.equal(decodeTime(encodeTime(value)), value)));
  fc.assert(fc.property(draft, (value) => assert.deepEqual(decodeDraft(encodeDraft(value)), value)));
  fc.assert(fc.property(timed, (value) => assert.deepEqual(decode(encode(value)), value)));
});

test('no truncation of them is read', () => {
  const truncated = (bytes: Uint8Array, read: (bytes: Uint8Array) => unknown) => {
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => read(bytes.subarray(0, length)), { code: 'frame-malformed' });
    }
  };
  truncated(encodeMarks([{ arrivedAt: 1, at: 2 }]), decodeMarks);
  truncated(encodeTime(300), decodeTime);
  truncated(encodeDraft({ text: 'half', at: 1 }), decodeDraft);
});

test('their bytes are these', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  assert.equal(hex(encodeMarks([{ arrivedAt: 1, at: 2 }])), '820181820102');
  assert.equal(hex(encodeTime(300)), '820119012c');
  assert.equal(hex(encodeDraft({ text: 'half', at: 1 })), '84016468616c66f601');
});

test('of many marks the latest stay', () => {
  const many = Array.from({ length: MAX_MARKS + 3 }, (_, n) => ({ arrivedAt: n, at: n }));
  assert.deepEqual(decodeMarks(encodeMarks(many)), many.slice(3));
});
