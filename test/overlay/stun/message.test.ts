// STUN messages: vectors, round trips, what is no message.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromString } from 'uint8arrays/from-string';
import { formatIp, parseIp } from '../../../src/overlay/stun/ip-address.ts';
import {
  decodeStun,
  encodeBindingRequest,
  encodeBindingSuccess,
  encodeUnknownAttributes,
  MAX_STUN_MESSAGE,
} from '../../../src/overlay/stun/message.ts';

/** Objects as literals make them. */
const PLAIN = { noNullPrototype: true } as const;

const hex = (text: string) => fromString(text.replace(/\s/g, ''), 'hex');

/** RFC 5769 section 2.1. */
const SAMPLE_REQUEST = hex(`
  00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74
  00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014
  9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 80280004 e57a3bcf`);

/** RFC 5769 section 2.2. */
const SAMPLE_IPV4 = hex(`
  0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008
  0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96`);

/** Of the message above. */
const ATTRIBUTE_HEADS = new Set([20, 36, 48, 72].flatMap((at) => [at, at + 1, at + 2, at + 3]));

/** RFC 5769 section 2.3. */
const SAMPLE_IPV6 = hex(`
  01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014
  0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275
  bfe3ed41 80280004 c8fb0b4c`);

test('the IPv4 answer of RFC 5769 names 192.0.2.1:32853', () => {
  const { kind, mapped } = decodeStun(SAMPLE_IPV4);
  assert.equal(kind, 'success');
  assert.deepEqual(mapped, { host: '192.0.2.1', port: 32853 });
});

test('the IPv6 answer of RFC 5769 names its address', () => {
  const { mapped } = decodeStun(SAMPLE_IPV6);
  assert.deepEqual(mapped, { host: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 });
});

test('the ICE request of RFC 5769 is read, and its PRIORITY is named as not understood', () => {
  const { kind, unknown } = decodeStun(SAMPLE_REQUEST);
  assert.equal(kind, 'request');
  assert.deepEqual(unknown, [0x0024]);
});

test('a changed bit in the header or in a value of a message with a FINGERPRINT is refused', () => {
  for (let at = 0; at < SAMPLE_IPV4.length * 8; at++) {
    const bytes = Uint8Array.from(SAMPLE_IPV4);
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
    // A changed type or length of an attribute may hide the FINGERPRINT itself, inside another attribute.
    if (!ATTRIBUTE_HEADS.has(at >> 3)) assert.throws(() => decodeStun(bytes), { code: 'stun-malformed' }, `bit ${at}`);
  }
});

const transactions = fc.uint8Array({ minLength: 12, maxLength: 12 });
const hosts = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(formatIp),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => formatIp(parseIp(formatIp(bytes)))),
);
const endpoints = fc.record({ host: hosts, port: fc.integer({ min: 0, max: 65_535 }) }, PLAIN);

test('an answer decodes to the address that was encoded', () => {
  fc.assert(
    fc.property(transactions, endpoints, (transaction, mapped) => {
      const decoded = decodeStun(encodeBindingSuccess(transaction, mapped));
      assert.deepEqual(decoded, { kind: 'success', transaction, unknown: [], mapped });
    }),
  );
});

test('a request decodes to its transaction, an error to its code', () => {
  fc.assert(
    fc.property(transactions, (transaction) => {
      assert.deepEqual(decodeStun(encodeBindingRequest(transaction)), { kind: 'request', transaction, unknown: [] });
      assert.equal(decodeStun(encodeUnknownAttributes(transaction, [0x24, 0x25])).error, 420);
    }),
  );
});

test('every truncation is refused', () => {
  const answer = encodeBindingSuccess(new Uint8Array(12), { host: '2001:db8::1', port: 1 });
  for (const whole of [answer, SAMPLE_REQUEST, SAMPLE_IPV4]) {
    for (let end = 0; end < whole.length; end++) {
      assert.throws(() => decodeStun(whole.subarray(0, end)), { code: 'stun-malformed' });
    }
  }
});

test('no bytes whatever throw anything but stun-malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: MAX_STUN_MESSAGE }), (noise) => {
      const framed = Uint8Array.from([...SAMPLE_IPV4.subarray(0, 20), ...noise.subarray(0, noise.length & ~3)]);
      new DataView(framed.buffer).setUint16(2, framed.length - 20);
      for (const bytes of [noise, framed]) {
        try {
          decodeStun(bytes);
        } catch (error) {
          assert.equal(error instanceof Error && 'code' in error && error.code, 'stun-malformed');
        }
      }
    }),
  );
});

test('an answer is at most 24 bytes longer than the shortest request', () => {
  const request = encodeBindingRequest(new Uint8Array(12));
  const answer = encodeBindingSuccess(new Uint8Array(12), { host: '2001:db8::1', port: 1 });
  assert.ok(answer.length - request.length <= 24);
});
