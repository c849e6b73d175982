// The question for readers of a message, and its answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  decodeReaders,
  decodeReadersQuestion,
  encodeReaders,
  encodeReadersQuestion,
  type Reader,
} from '../../../src/protocols/readers/index.ts';
import { parseConversationId, parseMessageId, parseUserId } from '../../../src/realm/ids.ts';

const LIMIT = { timeout: 20_000 };
const uuid = fc.uuid({ version: 4 });
const question = fc.record(
  {
    conversation: uuid.map(parseConversationId),
    message: uuid.map(parseMessageId),
    sender: uuid.map(parseUserId),
  },
  { noNullPrototype: true },
);
const reader: fc.Arbitrary<Reader> = fc.record(
  {
    user: uuid.map(parseUserId),
    state: fc.constantFrom('delivered', 'read'),
  },
  { noNullPrototype: true },
);

test('questions and answers come back as they went, and no part of one is taken for a whole', LIMIT, () => {
  fc.assert(
    fc.property(question, fc.array(reader, { maxLength: 20 }), (asked, readers) => {
      const [there, back] = [encodeReadersQuestion(asked), encodeReaders(readers)];
      assert.deepEqual(decodeReadersQuestion(there), asked);
      assert.deepEqual(decodeReaders(back), readers);
      for (let length = 0; length < there.length; length++) {
        assert.throws(() => decodeReadersQuestion(there.subarray(0, length)), { code: 'malformed' });
      }
      for (let length = 0; length < back.length; length++) {
        assert.throws(() => decodeReaders(back.subarray(0, length)), { code: 'malformed' });
      }
    }),
    { numRuns: 30 },
  );
});

test('the forms are these', LIMIT, () => {
  const id = '10000000-0000-4000-8000-000000000001';
  const asked = { conversation: parseConversationId(id), message: parseMessageId(id), sender: parseUserId(id) };
  const bytes = '5010000000000040008000000000000001';
  assert.equal(Buffer.from(encodeReadersQuestion(asked)).toString('hex'), `8401${bytes}${bytes}${bytes}`);
  const readers = encodeReaders([{ user: parseUserId(id), state: 'read' }]);
  assert.equal(Buffer.from(readers).toString('hex'), `82018182${bytes}6472656164`);
  const strange = Buffer.from(`82018182${bytes}6472656165`, 'hex');
  assert.throws(() => decodeReaders(strange), { code: 'malformed' });
});
