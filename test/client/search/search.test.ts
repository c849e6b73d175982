// Full-text search: what is found in which language, and that nothing is lost between memory and the cache.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeAt } from '../../../src/client/cache/cache.ts';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { SearchIndex } from '../../../src/client/search/search-index.ts';
import { Segment } from '../../../src/client/search/segment.ts';
import { askedTerms, says, termsOf } from '../../../src/client/search/terms.ts';
import { parseConversationId } from '../../../src/realm/ids.ts';

const CHAT = parseConversationId('7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10');
const OTHER = parseConversationId('8a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10');
const place = (n: number) => placeAt({ ms: n, counter: 0 }, n.toString(16).padStart(32, '0'));
const cache = async () =>
  SealedCache.open({ engine: new MemoryEngine(), secret: await makeCacheSecret(new Uint8Array(32)) });

test('words are found by their beginning, in any case, with and without accents', () => {
  const finds = (text: string, question: string) => says(text, askedTerms(question));
  for (const [text, question] of [
    ['The drawings are in the folder', 'draw'],
    ['The drawings are in the folder', 'FOLDER the'],
    ['Рахунок-фактура №17', 'рах'],
    ['Рахунок-фактура №17', 'ФАКТУРА 17'],
    ['Ёлка стоит', 'елка'],
    ['Об’єкт здано', "об'єкт"],
    ['Об’єкт здано', 'обєкт'],
    ['Café Zürich', 'cafe zur'],
    ['Ｆｕｌｌ width', 'full'],
    ['请把图纸放在文件夹里', '图纸'],
    ['请把图纸放在文件夹里', '文件夹'],
    ['请把图纸放在文件夹里', '里'],
    ['请把plan图纸', 'plan图'],
  ] as const) {
    assert.ok(finds(text, question), `${question} in ${text}`);
  }
  for (const [text, question] of [
    ['The drawings', 'rawings'],
    ['йод', 'иод'],
    ['їжак', 'іжак'],
    ['请把图纸放在文件夹里', '纸图'],
    ['one two', 'one three'],
  ] as const) {
    assert.ok(!finds(text, question), `${question} not in ${text}`);
  }
  assert.deepEqual(askedTerms(' ?! '), []);
});

test('whatever is written is found by any of its words', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(text, (text) => {
      for (const term of termsOf(text)) assert.ok(says(text, [term.slice(0, 3)]));
    }),
  );
});

test('a segment comes back from its bytes, and no truncation does', () => {
  const word = fc.string({ minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 5 }), { maxLength: 30 }), (texts) => {
      const messages = texts.map((_, n) => ({ conversation: n % 2 ? CHAT : OTHER, place: place(n) }));
      const postings = new Map<string, number[]>();
      for (const [n, words] of texts.entries()) {
        for (const word of new Set(words)) postings.set(word, [...(postings.get(word) ?? []), n]);
      }
      const bytes = Segment.of(messages, postings).encode();
      const read = Segment.decode(bytes);
      assert.deepEqual(read.messages, messages);
      for (const [term] of postings) {
        const expected = texts.flatMap((words, n) => (words.some((word) => word.startsWith(term)) ? [n] : []));
        assert.deepEqual(read.find([term]), expected);
      }
      for (let length = 0; length < bytes.length; length += 11)
        assert.throws(() => Segment.decode(bytes.subarray(0, length)));
    }),
    { numRuns: 60 },
  );
});

test('found newest first over all segments, and again after opening', { timeout: 60_000 }, async () => {
  const where = await cache();
  const index = await SearchIndex.open(where);
  const numbers = Array.from({ length: 6000 }, (_, n) => (n * 4001) % 6000);
  for (const n of numbers) index.add(n % 3 ? CHAT : OTHER, [{ place: place(n), text: `invoice ${n} за ${n % 100}` }]);
  const expect = (found: SearchIndex) => {
    assert.deepEqual(
      found.search('invoice', { limit: 3 }).map((hit) => hit.place),
      [place(5999), place(5998), place(5997)],
    );
    assert.deepEqual(
      found.search('inv 4711', { limit: 9 }).map((hit) => hit.place),
      [place(4711)],
    );
    assert.deepEqual(
      found.search('invoice', { limit: 2, conversation: OTHER, before: place(3000) }).map((hit) => hit.place),
      [place(2997), place(2994)],
    );
    assert.equal(found.search('invoice', { limit: 10_000 }).length, 6000);
  };
  expect(index);
  await index.flush();
  expect(index);
  const again = await SearchIndex.open(where);
  expect(again);
  assert.ok((await where.records('search')).size < 24);
});

test('what is to be forgotten is found no more, and leaves the records', async () => {
  const where = await cache();
  const index = await SearchIndex.open(where);
  index.add(CHAT, [
    { place: place(1), text: 'secretmarker one' },
    { place: place(2), text: 'two' },
  ]);
  await index.flush();
  index.forget(CHAT, [place(1)]);
  assert.deepEqual(index.search('secretmarker', { limit: 9 }), []);
  await index.flush();
  const records = [...(await where.records('search')).values()].map((bytes) => Buffer.from(bytes).toString('latin1'));
  assert.ok(!records.join().includes('secretmarker'));
  assert.equal((await SearchIndex.open(where)).search('two', { limit: 9 }).length, 1);
});
