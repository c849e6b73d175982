// The frames of /canopy/heads/1: round trips, truncations, fixed vectors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  decodeCertified,
  decodeQuestion,
  decodeSeen,
  encodeCertified,
  encodeQuestion,
  encodeSeen,
  type Seen,
} from '../../../src/protocols/heads/frames.ts';
import { CHAINS } from '../../../src/protocols/ledger/entry.ts';

const head = { incarnation: fc.nat(), n: fc.maxSafeNat() };
const plain = { noNullPrototype: true } as const;
const seen: fc.Arbitrary<Seen> = fc.record(
  {
    incarnation: fc.nat(),
    chains: fc.array(fc.record({ chain: fc.constantFrom(...CHAINS), ...head }, plain), { maxLength: 2 }),
    outbox: fc.record(head, plain),
  },
  plain,
);

test('answers read back, and no truncation of one does', () => {
  fc.assert(
    fc.property(seen, fc.nat(), (value, cut) => {
      const encoded = encodeSeen(value);
      assert.deepEqual(decodeSeen(encoded), value);
      assert.throws(() => decodeSeen(encoded.slice(0, cut % encoded.length)), { code: 'malformed' });
    }),
  );
});

test('frames of version 1 are read as ever', () => {
  assert.equal(Buffer.from(encodeQuestion('ask')).toString('hex'), '820163' + Buffer.from('ask').toString('hex'));
  assert.equal(decodeQuestion(encodeQuestion('certify')), 'certify');
  const value: Seen = {
    incarnation: 2,
    chains: [{ chain: 'network', incarnation: 1, n: 7 }],
    outbox: { incarnation: 1, n: 9 },
  };
  const vector = '8501647365656e028183676e6574776f726b0107820109';
  assert.equal(Buffer.from(encodeSeen(value)).toString('hex'), vector);
  assert.deepEqual(decodeCertified(encodeCertified(Uint8Array.of(1, 2))), Uint8Array.of(1, 2));
  assert.throws(() => decodeQuestion(encodeCertified(Uint8Array.of(1))), { code: 'malformed' });
});
