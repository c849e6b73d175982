// The codecs of the deliver protocol, and the arithmetic of marks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import * as fc from 'fast-check';
import { type BatchHeader, decodeBatchHeader, encodeBatchHeader } from '../../../src/protocols/deliver/batch.ts';
import { type DeliverFrame, decodeDeliverFrame, encodeDeliverFrame } from '../../../src/protocols/deliver/frames.ts';
import { MAX_RANGES } from '../../../src/protocols/deliver/index.ts';
import { areNormal, isMarked, type Marks, NO_MARKS, withRange } from '../../../src/protocols/deliver/mark-set.ts';
import { decodeReceipts, encodeReceipts, type ReceiptEntry } from '../../../src/protocols/deliver/receipts.ts';
import { parseConversationId, parseMessageId, parseUserId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const plain = { noNullPrototype: true };
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const realm = fc.constantFrom('ua', 'acme.ua', 'kyiv.acme.ua').map(parseRealmName);
const bytes = fc.uint8Array({ maxLength: 100 });
const uuid = fc.uuid({ version: [4] });

/** Marks as they come about: by ranges settled one after the other. */
const marks: fc.Arbitrary<Marks> = fc
  .array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 5 })), { maxLength: 12 })
  .map((ranges) => ranges.reduce((all, [first, more]) => withRange(all, first + 1, first + 1 + more) ?? all, NO_MARKS));

const frames: fc.Arbitrary<DeliverFrame> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('hello' as const),
      versions: fc.array(number, { maxLength: 4 }),
      origin: realm,
      incarnation: number,
      destination: realm,
      chain: bytes,
      certificate: bytes,
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('welcome' as const),
      version: number,
      marks: fc.array(fc.tuple(number, marks), { maxLength: 4 }).map((list) => new Map(list)),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('batch' as const),
      header: bytes,
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
      envelopes: fc.array(bytes, { maxLength: 5 }),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('ack' as const),
      incarnation: number,
      marks,
      setAside: fc.array(fc.record({ n: number, code: fc.string({ maxLength: 20 }) }, plain), { maxLength: 4 }),
    },
    plain,
  ),
  fc.record({ kind: fc.constant('refusal' as const), code: fc.string({ maxLength: 40 }) }, plain),
);

test('every frame comes back as it went, and every truncation is refused', () => {
  fc.assert(
    fc.property(frames, fc.nat(), (frame, cut) => {
      const encoded = encodeDeliverFrame(frame);
      assert.deepEqual(decodeDeliverFrame(encoded), frame);
      assert.throws(() => decodeDeliverFrame(encoded.subarray(0, cut % encoded.length)), { code: 'frame-malformed' });
    }),
  );
});

const headers: fc.Arbitrary<BatchHeader> = fc
  .tuple(
    fc.integer({ min: 1, max: 1e9 }),
    fc.uniqueArray(fc.nat({ max: 999 }), { minLength: 1, maxLength: 20 }),
    realm,
    realm,
    number,
  )
  .map(([first, offsets, origin, destination, expiry]) => {
    const numbers = offsets.sort((a, b) => a - b).map((offset) => first + offset);
    const digest = new Uint8Array(32).fill(7);
    return { origin, incarnation: 3, first, last: numbers.at(-1) ?? first, destination, expiry, numbers, digest };
  });

test('a batch header comes back as it went; numbers that do not ascend or lie outside are refused', () => {
  fc.assert(
    fc.property(headers, (header) => {
      const encoded = encodeBatchHeader(header);
      assert.deepEqual(decodeBatchHeader(encoded), header);
      const [first = 1] = header.numbers;
      for (const numbers of [[first, first], [header.last + 1], [header.last, header.first - 1]]) {
        assert.throws(() => decodeBatchHeader(encodeBatchHeader({ ...header, numbers })), { code: 'frame-malformed' });
      }
    }),
  );
  const hostile = encode([2, 'ua', 1, 1, 1, 'ua', 0, [], new Uint8Array(32)]);
  assert.throws(() => decodeBatchHeader(hostile), { code: 'version-unknown' });
});

const receipts: fc.Arbitrary<ReceiptEntry[]> = fc.array(
  fc.record(
    {
      user: uuid.map(parseUserId),
      state: fc.constantFrom('delivered' as const, 'read' as const),
      at: number,
      conversation: uuid.map(parseConversationId),
      sender: uuid.map(parseUserId),
      ids: fc.array(uuid.map(parseMessageId), { maxLength: 4 }),
    },
    plain,
  ),
  { maxLength: 4 },
);

test('receipts come back as they went, and every truncation is refused', () => {
  fc.assert(
    fc.property(receipts, fc.nat(), (entries, cut) => {
      const encoded = encodeReceipts(entries);
      assert.deepEqual(decodeReceipts(encoded), entries);
      assert.throws(() => decodeReceipts(encoded.subarray(0, cut % encoded.length)), { code: 'frame-malformed' });
    }),
  );
});

test('marks know exactly what was settled, in their one normal form', () => {
  const settled = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 6 })), { maxLength: 15 });
  fc.assert(
    fc.property(settled, (list) => {
      const numbers = new Set<number>();
      let now = NO_MARKS;
      for (const [first, more] of list) {
        for (let n = first; n <= first + more; n++) numbers.add(n);
        now = withRange(now, first, first + more) ?? assert.fail();
      }
      assert.ok(areNormal(now));
      for (let n = 1; n <= 50; n++) assert.equal(isMarked(now, n), numbers.has(n), `${n}`);
    }),
  );
});

test('marks never grow for ever', () => {
  let now: Marks | undefined = NO_MARKS;
  let n = 0;
  for (let before = now; now; now = withRange(now, n, n)) {
    before = now;
    n += 2;
    assert.ok(before.ranges.length <= MAX_RANGES);
  }
  assert.equal(n, 2 * (MAX_RANGES + 1) + 0);
});

test('ranges that overlap, touch or do not ascend are refused', () => {
  for (const ranges of [
    [[1, 2]],
    [[5, 4]],
    [
      [9, 9],
      [5, 5],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ]) {
    assert.throws(() => decodeDeliverFrame(encode([3, 1, 1, ranges, []])), { code: 'frame-malformed' });
  }
});
