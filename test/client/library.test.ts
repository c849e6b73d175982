// What a server answers is of what was asked about, or refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import type { User } from '../../src/client/client.ts';
import { Library } from '../../src/client/library.ts';
import { People } from '../../src/client/people.ts';
import { memoryStorage } from '../../src/client/platform.ts';
import { UnreachableError } from '../../src/realm/errors.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';

const LIMIT = { timeout: 10_000 };
const id = (last: number) => `00000000-0000-4000-8000-00000000000${last}`;
const [HERE, ELSEWHERE] = [parseConversationId(id(1)), parseConversationId(id(2))];
const AWAY = Symbol('away');
const ME: User = { id: parseUserId(id(8)), address: 'clerk@kyiv.acme.ua', name: 'Clerk One', kind: 'person' };
const [ASKED, OTHER] = [parseMessageId(id(3)), parseMessageId(id(4))];

function said(message: string, conversation: string) {
  const ids = { id: message, conversation, sender: id(5), device: id(6), recipients: [id(7)] };
  return { ...ids, stamp: { ms: 1, counter: 0 }, expires: 2, state: 'stored', path: 'local', body: 'AAAA' };
}

/** Of a server that answers so, whatever it is asked. */
function libraryOf(answer: unknown, storage = memoryStorage()): Library {
  const http: ConstructorParameters<typeof People>[0] = {
    get: async (_path, form) => {
      if (answer === AWAY) throw new UnreachableError('server-unreachable', 'away');
      return v.parse(form, answer);
    },
  };
  return new Library({
    http,
    storage,
    people: new People(http),
    me: () => ({ user: ME, device: parseDeviceId(id(9)) }),
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

test('while the server is away the list of conversations is the one that it told last', LIMIT, async () => {
  const cook = { id: id(7), address: 'cook@kyiv.acme.ua', name: 'Cook One', kind: 'person' };
  const entry = { id: HERE, members: [cook], unread: 2, last: said(ASKED, HERE) };
  const storage = memoryStorage();
  const told = await libraryOf({ conversations: [entry] }, storage).conversations();
  assert.deepEqual(await libraryOf(AWAY, storage).conversations(), told);
  assert.deepEqual([told[0]?.unread, told[0]?.last?.id, told[0]?.others[0]?.name], [2, ASKED, 'Cook One']);
  await assert.rejects(libraryOf(AWAY).conversations(), { code: 'server-unreachable' });
});
