// Ids as text and as bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/realm/errors.ts';
import { directConversationId, idBytes, idText, parseUserId } from '../../src/realm/ids.ts';

test('the bytes of an id give its text again', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      const bytes = idBytes(parseUserId(uuid));
      assert.equal(bytes.length, 16);
      assert.equal(idText(bytes), uuid);
      assert.equal(Buffer.from(bytes).toString('hex'), uuid.replaceAll('-', ''));
    }),
  );
});

test('what is no lower-case UUID is no id', () => {
  for (const text of [
    '',
    'x',
    '0190D1A4-0000-7000-8000-000000000001',
    '0190d1a4000070008000000000000001',
    '../../etc',
  ]) {
    assert.throws(() => parseUserId(text), InputError, text);
  }
  assert.throws(() => idText(new Uint8Array(15)), InputError);
});

test('two users have one conversation, whoever asks, and no other pair has it', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), fc.uuid(), (a, b, c) => {
      const [first, second, third] = [parseUserId(a), parseUserId(b), parseUserId(c)];
      const id = directConversationId(first, second);
      assert.equal(id, directConversationId(second, first));
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      if (b !== c) assert.notEqual(id, directConversationId(first, third));
    }),
  );
});

test('the id of a conversation of two is fixed for ever', () => {
  const clerk = parseUserId('00000000-0000-4000-8000-000000000001');
  const engineer = parseUserId('00000000-0000-4000-8000-000000000002');
  assert.equal(directConversationId(clerk, engineer), '663d9ee8-2c9b-8c1a-a8d6-4c397499aacb');
});
