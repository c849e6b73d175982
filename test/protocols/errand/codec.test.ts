// The frames of errands: they read back, and no other form of them is taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import {
  decodeAnswer,
  decodeErrand,
  decodeReply,
  decodeRequest,
  encodeAnswer,
  encodeErrand,
  encodeReply,
  encodeRequest,
} from '../../../src/protocols/errand/codec.ts';
import type { Answer, Errand, Reply, Request } from '../../../src/protocols/errand/index.ts';
import { PeerError } from '../../../src/realm/errors.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const plain = { noNullPrototype: true };
const realm = fc.constantFrom('ua', 'acme.ua', 'kyiv.acme.ua').map(parseRealmName);
const bytes = fc.uint8Array({ maxLength: 60 });
const sized = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const word = fc.constantFrom('user', 'trust-proposal', 'cert-expired');
const signed = fc.record({ bytes, signature: sized(64) }, plain);

const errands: fc.Arbitrary<Errand> = fc.record(
  { id: sized(16), origin: realm, destination: realm, kind: word, issued: fc.maxSafeNat(), body: bytes, chain: bytes },
  plain,
);
const answers: fc.Arbitrary<Answer> = fc.record(
  { digest: sized(32), code: word, body: bytes, chain: bytes },
  { ...plain, requiredKeys: ['digest', 'body', 'chain'] },
);
const requests: fc.Arbitrary<Request> = fc.record({ budget: fc.nat({ max: 30_000 }), errand: signed }, plain);
const replies: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ kind: fc.constant('answer' as const), answer: signed }, plain),
  fc.record({ kind: fc.constant('stopped' as const), code: word, realm }, plain),
);

function readsBack<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
): void {
  fc.assert(fc.property(values, (value) => assert.deepEqual(decode(encode(value)), value)));
  const [sample] = fc.sample(values, { numRuns: 1, seed: 3 });
  if (sample === undefined) throw new Error('no sample');
  const whole = encode(sample);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => decode(whole.subarray(0, length)), PeerError, `${length} of ${whole.length} bytes`);
  }
}

test('an errand reads back, and none of its truncations does', () => readsBack(errands, encodeErrand, decodeErrand));
test('an answer reads back, and none of its truncations does', () => readsBack(answers, encodeAnswer, decodeAnswer));
test('a request reads back, and none of its truncations does', () => readsBack(requests, encodeRequest, decodeRequest));
test('a reply reads back, and none of its truncations does', () => readsBack(replies, encodeReply, decodeReply));

const SAMPLE: Errand = {
  id: new Uint8Array(16).fill(7),
  origin: parseRealmName('kyiv.acme.ua'),
  destination: parseRealmName('lviv.beta.ua'),
  kind: 'user',
  issued: 1_700_000_000_000,
  body: Uint8Array.of(1, 2),
  chain: Uint8Array.of(3),
};
const SAMPLE_HEX =
  '880150070707070707070707070707070707076c6b7969762e61636d652e75616c6c7669762e626574612e756164757365721b0000018bcfe568004201024103';

test('the bytes of an errand are those of version 1', () => {
  assert.equal(toString(encodeErrand(SAMPLE), 'hex'), SAMPLE_HEX);
  assert.deepEqual(decodeErrand(fromString(SAMPLE_HEX, 'hex')), SAMPLE);
});

test('random bytes are refused as the fault of the peer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      for (const decode of [decodeErrand, decodeAnswer, decodeRequest, decodeReply]) {
        assert.throws(() => decode(noise), PeerError);
      }
    }),
  );
});

test('an answer that refuses without a code, or agrees with one, is malformed', () => {
  const digest = new Uint8Array(32);
  const agreed = encodeAnswer({ digest, body: new Uint8Array(), chain: new Uint8Array() });
  const refused = encodeAnswer({ digest, code: 'busy', body: new Uint8Array(), chain: new Uint8Array() });
  // [1, digest(32), state, code, …]: the state begins after 1 + 1 + 2 + 32 bytes.
  const at = 36;
  const swapped = Uint8Array.of(...agreed.subarray(0, at), ...refused.subarray(at, at + 8), ...agreed.subarray(at + 3));
  assert.throws(() => decodeAnswer(swapped), { code: 'malformed' });
});

test('a budget above the limit is malformed', () => {
  const request = { budget: 30_001, errand: { bytes: Uint8Array.of(1), signature: new Uint8Array(64) } };
  assert.throws(() => decodeRequest(encodeRequest(request)), { code: 'malformed' });
});
