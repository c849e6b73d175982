// The codecs of envelope and content: round trips, every truncation refused, hostile forms refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import * as fc from 'fast-check';
import { type Content, decodeContent, encodeContent, MAX_TEXT } from '../../src/crypto/content.ts';
import {
  decodeEnvelope,
  ENVELOPE_KINDS,
  type Envelope,
  encodeEnvelope,
  MAX_BODY,
  MAX_COUNTER,
  MAX_LARGE_BODY,
  MAX_RECIPIENTS,
  PRIORITIES,
} from '../../src/crypto/envelope.ts';
import { open, seal } from '../../src/crypto/sealing.ts';
import { decodeStrict } from '../../src/crypto/strict-cbor.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const uuid = fc.uuid({ version: [1, 4, 8] });
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const envelopes: fc.Arbitrary<Envelope> = fc.record(
  {
    version: fc.constant(1 as const),
    id: uuid.map(parseMessageId),
    conversation: uuid.map(parseConversationId),
    sender: uuid.map(parseUserId),
    device: uuid.map(parseDeviceId),
    recipients: fc.array(uuid.map(parseUserId), { maxLength: 5 }),
    origin: fc.constantFrom('ua', 'acme.ua', 'kyiv.acme.ua').map(parseRealmName),
    incarnation: number,
    stamp: fc.record({ ms: number, counter: fc.nat({ max: MAX_COUNTER }) }, { noNullPrototype: true }),
    expires: number,
    priority: fc.constantFrom(...PRIORITIES),
    durable: fc.boolean(),
    kind: fc.constantFrom(...ENVELOPE_KINDS),
    blobs: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 3 }),
    body: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
);
const sample = () => fc.sample(envelopes, { numRuns: 1, seed: 7 })[0] ?? assert.fail();

test('an envelope comes back as it went, with the same digest', () => {
  fc.assert(
    fc.property(envelopes, (envelope) => {
      const made = encodeEnvelope(envelope);
      const read = decodeEnvelope(made.bytes);
      assert.deepEqual(read.envelope, envelope);
      assert.deepEqual(read.digest, made.digest);
      assert.deepEqual(read.bodyHash, made.bodyHash);
    }),
  );
});

test('every truncation of an envelope and every byte after it is refused', () => {
  const { bytes } = encodeEnvelope(sample());
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeEnvelope(bytes.subarray(0, length)), { code: 'frame-malformed' });
  }
  assert.throws(() => decodeEnvelope(Uint8Array.from([...bytes, 0])), { code: 'frame-malformed' });
});

test('an envelope with any byte changed is refused or reads as another digest', () => {
  const made = encodeEnvelope(sample());
  for (let at = 0; at < made.bytes.length; at++) {
    const changed = Uint8Array.from(made.bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    try {
      assert.notDeepEqual(decodeEnvelope(changed).digest, made.digest);
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error, String(error));
    }
  }
});

test('a body above 64 KiB, too many recipients and another version are refused', () => {
  const envelope = sample();
  const large = encodeEnvelope({ ...envelope, kind: 'message', body: new Uint8Array(MAX_BODY + 1) });
  assert.throws(() => decodeEnvelope(large.bytes), { code: 'frame-too-long' });
  const change = encodeEnvelope({ ...envelope, kind: 'commit', body: new Uint8Array(MAX_LARGE_BODY) });
  assert.equal(decodeEnvelope(change.bytes).envelope.body.length, MAX_LARGE_BODY);
  const crowd = encodeEnvelope({ ...envelope, recipients: Array(MAX_RECIPIENTS + 1).fill(envelope.sender) });
  assert.throws(() => decodeEnvelope(crowd.bytes), { code: 'frame-malformed' });
  const most = encodeEnvelope({
    ...envelope,
    body: new Uint8Array(MAX_BODY),
    recipients: Array(MAX_RECIPIENTS).fill(envelope.sender),
  });
  assert.equal(decodeEnvelope(most.bytes).envelope.body.length, MAX_BODY);
  const newer = encode([encode([2, 'what a later version holds']), new Uint8Array()]);
  assert.throws(() => decodeEnvelope(newer), { code: 'envelope-version' });
});

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const contents: fc.Arbitrary<Content> = fc.record(
  {
    kind: fc.constant('text' as const),
    text,
    sentAt: number,
    replyTo: uuid.map(parseMessageId),
    thread: uuid.map(parseMessageId),
    mentions: fc.array(uuid.map(parseUserId), { maxLength: 5 }),
    expiresAfter: number,
  },
  { requiredKeys: ['kind', 'text', 'sentAt'], noNullPrototype: true },
);

test('an envelope from before there were kinds is read, its kind follows from the priority', () => {
  const { envelope } = encodeEnvelope({ ...sample(), priority: 'receipt', kind: 'receipt', blobs: [] });
  const fields = decodeStrict(decodeOuter(encodeEnvelope(envelope).bytes), 4096);
  assert.ok(Array.isArray(fields));
  const before = encode([encode(fields.slice(0, 14)), envelope.body]);
  assert.deepEqual(decodeEnvelope(before).envelope, envelope);
});

function decodeOuter(bytes: Uint8Array): Uint8Array {
  const outer = decodeStrict(bytes, 4096);
  assert.ok(Array.isArray(outer) && outer[0] instanceof Uint8Array);
  return outer[0];
}

test('content comes back as it went, through sealing too', async () => {
  const { id: message, conversation, sender, device } = sample();
  const context = { message, conversation, sender, device };
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      assert.deepEqual(decodeContent(encodeContent(content)), content);
      assert.deepEqual(await open(await seal(content, context), context), content);
    }),
  );
});

test('every truncation of content is refused', () => {
  const bytes = encodeContent({ kind: 'text', text: 'Добрий день', sentAt: 1 });
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeContent(bytes.subarray(0, length)), { code: 'frame-malformed' });
  }
});

test('an unknown kind is kept with its bytes, unknown keys are ignored', () => {
  const raw = encode({ kind: 'poll', sentAt: 5, options: ['a'] });
  assert.deepEqual(decodeContent(raw), { kind: 'unknown', name: 'poll', sentAt: 5, raw });
  const later = encode({ kind: 'text', text: 'hi', sentAt: 5, colour: 'red' });
  assert.deepEqual(decodeContent(later), { kind: 'text', text: 'hi', sentAt: 5 });
});

test('content named __proto__ changes no prototype', () => {
  const bytes = encode(new Map<string, unknown>([['__proto__', { kind: 'text', text: 'x', sentAt: 1 }]]));
  assert.throws(() => decodeContent(bytes), { code: 'frame-malformed' });
  assert.equal(Object.getPrototypeOf({}), Object.prototype);
});

test('a text that is too long is refused before it is sent, a body of a later format when it is opened', async () => {
  assert.throws(() => encodeContent({ kind: 'text', text: 'ж'.repeat(MAX_TEXT / 2 + 1), sentAt: 1 }), {
    code: 'text-too-long',
  });
  const { id: message, conversation, sender, device } = sample();
  const context = { message, conversation, sender, device };
  await assert.rejects(open(Uint8Array.of(1, 2, 3), context), { code: 'body-format' });
  await assert.rejects(open(new Uint8Array(), context), { code: 'body-format' });
});

const hostile: Readonly<Record<string, readonly number[]>> = {
  'a byte string of 4 GiB': [0x5a, 0xff, 0xff, 0xff, 0xff],
  'an array of 2^53 items': [0x9b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  'a map of 4 GiB': [0xba, 0xff, 0xff, 0xff, 0xff],
  'nesting sixty thousand deep': Array(60_000).fill(0x81),
  'an indefinite length': [0x9f, 0x01, 0xff],
  'a number longer than it need be': [0x18, 0x01],
  'a repeated key': [0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x02],
  'broken UTF-8': [0x62, 0xc3, 0x28],
  'broken UTF-8 in a long string': [0x78, 0x28, ...Array(38).fill(0x61), 0xc3, 0x28],
  'a tag': [0xc1, 0x01],
  undefined: [0xf7],
  'not a number': [0xf9, 0x7e, 0x00],
};
for (const [name, bytes] of Object.entries(hostile)) {
  test(`${name} is refused`, () => {
    assert.throws(() => decodeStrict(Uint8Array.from(bytes), 100_000), { code: 'frame-malformed' });
  });
}

test('a replacement character that was really sent is kept', () => {
  assert.equal(decodeStrict(encode('a\ufffdb'), 100), 'a\ufffdb');
});
