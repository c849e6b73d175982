// What a server answers is of what was asked about, or refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { Library } from '../../src/client/library.ts';
import { People } from '../../src/client/people.ts';
import { parseConversationId, parseMessageId } from '../../src/realm/ids.ts';

const LIMIT = { timeout: 10_000 };
const id = (last: number) => `00000000-0000-4000-8000-00000000000${last}`;
const [HERE, ELSEWHERE] = [parseConversationId(id(1)), parseConversationId(id(2))];
const [ASKED, OTHER] = [parseMessageId(id(3)), parseMessageId(id(4))];

function said(message: string, conversation: string) {
  const ids = { id: message, conversation, sender: id(5), device: id(6), recipients: [id(7)] };
  return { ...ids, stamp: { ms: 1, counter: 0 }, expires: 2, state: 'stored', path: 'local', body: 'AAAA' };
}

/** Of a server that answers so, whatever it is asked. */
function libraryOf(answer: unknown): Library {
  const http: ConstructorParameters<typeof People>[0] = { get: async (_path, form) => v.parse(form, answer) };
  return new Library({
    http,
    people: new People(http),
    me: () => assert.fail('nobody is signed in'),
    open: async ({ id, conversation, sender, device, recipients, stamp }) => {
      return { id, conversation, sender, device, recipients, stamp, role: 'member', state: 'stored' };
    },
  });
}

test('what was said elsewhere is not taken into a conversation', LIMIT, async () => {
  const page = (conversation: string) =>
    libraryOf({ events: [said(ASKED, conversation)], users: [] }).page(HERE, { before: '', limit: 9 });
  assert.equal((await page(HERE)).events.length, 1);
  await assert.rejects(page(ELSEWHERE), { code: 'answer-contradicts' });
});

test('the last message of a conversation is one of it', LIMIT, async () => {
  const entry = { id: HERE, members: [], unread: 0, last: said(ASKED, ELSEWHERE) };
  const heads = libraryOf({ conversations: [entry] }).heads(new AbortController().signal);
  await assert.rejects(heads, { code: 'answer-contradicts' });
});

test('another message than the one that was asked for is refused', LIMIT, async () => {
  const opened = (message: string) => libraryOf({ message: said(message, HERE), users: [] }).opened(ASKED);
  assert.equal((await opened(ASKED)).id, ASKED);
  await assert.rejects(opened(OTHER), { code: 'answer-contradicts' });
});
