// The codecs of custody: frames, payloads, settlements, traces.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type CustodyFrame, decodeCustodyFrame, encodeCustodyFrame } from '../../../src/protocols/custody/frames.ts';
import { MAX_TRAIL, REF } from '../../../src/protocols/custody/index.ts';
import { decodePayload, encodePayload, refOf } from '../../../src/protocols/custody/payload.ts';
import { decodeSettlement, encodeSettlement, type Settlement } from '../../../src/protocols/custody/settlement.ts';
import {
  decodeTraceAnswer,
  decodeTraceQuery,
  encodeTraceAnswer,
  encodeTraceQuery,
} from '../../../src/protocols/custody/trace.ts';
import { type Marks, NO_MARKS, withRange } from '../../../src/protocols/deliver/mark-set.ts';
import { parseMessageId, parseUserId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const plain = { noNullPrototype: true };
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const realm = fc.constantFrom('ua', 'acme.ua', 'kyiv.acme.ua').map(parseRealmName);
const bytes = fc.uint8Array({ maxLength: 100 });
const ref = fc.uint8Array({ minLength: REF, maxLength: REF });
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
const code = fc.string({ maxLength: 40 });
const kind = <const K extends string>(name: K) => fc.constant(name);

const frames: fc.Arbitrary<CustodyFrame> = fc.oneof(
  fc.record({ kind: kind('hello'), versions: fc.array(number, { maxLength: 4 }) }, plain),
  fc.record({ kind: kind('welcome'), version: number }, plain),
  fc.record({ kind: kind('chain'), ref, chain: bytes }, plain),
  fc.record(
    {
      kind: kind('batch'),
      seq: number,
      ref,
      trail: fc.array(fc.record({ realm, at: number }, plain), { maxLength: MAX_TRAIL }),
      payload: bytes,
    },
    plain,
  ),
  fc.record({ kind: kind('settlement'), seq: number, ref, settled: bytes, signature }, plain),
  fc.record({ kind: kind('taken'), seq: number }, plain),
  fc.record({ kind: kind('declined'), seq: number, code }, plain),
  fc.record({ kind: kind('refusal'), code }, plain),
);

const marks: fc.Arbitrary<Marks> = fc
  .array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 5 })), { maxLength: 12 })
  .map((ranges) => ranges.reduce((all, [first, more]) => withRange(all, first + 1, first + 1 + more) ?? all, NO_MARKS));

const settlements: fc.Arbitrary<Settlement> = fc.record(
  {
    origin: realm,
    incarnation: number,
    destination: realm,
    marks,
    setAside: fc.array(fc.record({ n: number, code }, plain), { maxLength: 4 }),
    at: number,
  },
  plain,
);

/** Comes back as it went, and no truncation passes. */
function goesRound<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
) {
  fc.assert(
    fc.property(values, fc.nat(), (value, cut) => {
      const encoded = encode(value);
      assert.deepEqual(decode(encoded), value);
      assert.throws(() => decode(encoded.subarray(0, cut % encoded.length)), { code: 'frame-malformed' });
    }),
  );
}

test('frames come back as they went, and every truncation is refused', () => {
  goesRound(frames, encodeCustodyFrame, decodeCustodyFrame);
});

test('payloads do, too', () => {
  const batches = fc.record(
    { kind: kind('batch'), header: bytes, signature, envelopes: fc.array(bytes, { maxLength: 5 }), certificate: bytes },
    plain,
  );
  goesRound(batches, encodePayload, decodePayload);
});

test('and settlements', () => goesRound(settlements, encodeSettlement, decodeSettlement));

test('and traces', () => {
  const id = fc.uuid({ version: [4] });
  const queries = fc.record(
    { destination: realm, incarnation: number, n: number, id: id.map(parseMessageId), sender: id.map(parseUserId) },
    plain,
  );
  goesRound(queries, encodeTraceQuery, decodeTraceQuery);
  const answers = fc.record(
    { at: number, passedAt: number, endedAt: number, next: realm, code: kind('frozen') },
    plain,
  );
  goesRound(answers, encodeTraceAnswer, decodeTraceAnswer);
  assert.equal(decodeTraceAnswer(encodeTraceAnswer(undefined)), undefined);
});

const hex = (encoded: Uint8Array) => Buffer.from(encoded).toString('hex');

test('the bytes on the wire are these', () => {
  const [kyiv, lviv, acme] = ['kyiv.acme.ua', 'lviv.acme.ua', 'acme.ua'].map(parseRealmName);
  assert.ok(kyiv && lviv && acme);
  const chain = new TextEncoder().encode('a chain');
  assert.equal(hex(refOf(chain)), 'abb065351477f81c14d119a129b6d9c1');
  const trail = [{ realm: acme, at: 1_700_000_000_000 }];
  const batch = { kind: 'batch', seq: 1, ref: refOf(chain), trail, payload: Uint8Array.of(1, 2, 3) } as const;
  assert.equal(
    hex(encodeCustodyFrame(batch)),
    '85030150abb065351477f81c14d119a129b6d9c181826761636d652e75611b0000018bcfe5680043010203',
  );
  const settled = { marks: { watermark: 7, ranges: [[9, 9]] as const }, setAside: [{ n: 3, code: 'expired' }] };
  const settlement = { origin: kyiv, incarnation: 1, destination: lviv, ...settled, at: 1_700_000_000_000 };
  assert.equal(
    hex(encodeSettlement(settlement)),
    '88016c6b7969762e61636d652e7561016c6c7669762e61636d652e7561078182090981820367657870697265641b0000018bcfe56800',
  );
});

test('a settlement of a later version, and one whose ranges overlap, are refused', () => {
  const [kyiv, lviv] = ['kyiv.acme.ua', 'lviv.acme.ua'].map(parseRealmName);
  assert.ok(kyiv && lviv);
  const good = { origin: kyiv, incarnation: 1, destination: lviv, setAside: [], at: 1 };
  const overlapping = encodeSettlement({ ...good, marks: { watermark: 5, ranges: [[4, 9]] } });
  assert.throws(() => decodeSettlement(overlapping), { code: 'frame-malformed' });
  const later = encodeSettlement({ ...good, marks: NO_MARKS });
  later[1] = 2;
  assert.throws(() => decodeSettlement(later), { code: 'version-unknown' });
});
