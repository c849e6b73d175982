// `canopy chat --json`: groups with roles, news, pins, what one deletes for oneself, forwarding, blocking, privacy, search.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CLERK, ENGINEER, type Line, PASSWORDS, Terminal, twoPeople } from './chat-terminal.ts';

const TIMEOUT = { timeout: 60_000 };

async function twoTerminals(t: TestContext) {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS);
  for (const one of [clerk, engineer]) await one.event({ event: 'ready' });
  return { branch, clerk, engineer };
}

/** Asks until an answer that came after the call is as wished. */
async function until(terminal: Terminal, line: object, event: string, wish: (answer: Line) => boolean): Promise<Line> {
  let seen = terminal.events().length;
  for (;;) {
    terminal.say(line);
    const answer = await terminal.eventAfter(seen, { event });
    if (wish(answer)) return answer;
    seen = terminal.events().length;
  }
}

const textsOf = ({ messages }: Line): unknown[] =>
  Array.isArray(messages) ? messages.map(({ text }: { text: unknown }) => text) : assert.fail('no messages');

test('in news the owner writes and others do not, until a role is given', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  clerk.say({ newGroup: { name: 'Notices', members: [ENGINEER], kind: 'news' } });
  const { conversation } = await clerk.event({ event: 'group' });
  clerk.say({ say: { conversation, text: 'closed on Monday' } });
  await engineer.event({ event: 'message', text: 'closed on Monday' });
  clerk.say({ members: { conversation } });
  const { kind, members } = await clerk.event({ event: 'members' });
  assert.equal(kind, 'news');
  assert.deepEqual(
    new Set(members as Line[]),
    new Set([
      { user: CLERK, role: 'owner' },
      { user: ENGINEER, role: 'member' },
    ]),
  );
  engineer.say({ say: { conversation, text: 'may I?' } });
  await engineer.event({ event: 'error', code: 'may-not-write' });
  engineer.say({ role: { conversation, user: ENGINEER, role: 'administrator' } });
  await engineer.event({ event: 'error', code: 'not-allowed' });
  const seen = engineer.events().length;
  engineer.say({ name: { conversation, name: 'Mine' } });
  await engineer.eventAfter(seen, { event: 'error', code: 'not-allowed' });
  clerk.say({ role: { conversation, user: ENGINEER, role: 'administrator' } });
  await until(engineer, { members: { conversation } }, 'members', (answer) =>
    JSON.stringify(answer).includes('administrator'),
  );
  engineer.say({ say: { conversation, text: 'and on Tuesday' } });
  await clerk.event({ event: 'message', text: 'and on Tuesday' });
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('messages are pinned, named by members, forwarded, and searched', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  clerk.say({ newGroup: { name: 'Kitchen', members: [ENGINEER] } });
  const { conversation } = await clerk.event({ event: 'group' });
  clerk.say({ say: { conversation, text: 'the oven is broken, @engineer', mentions: [ENGINEER] } });
  const { id, mentionsMe } = await engineer.event({ event: 'message', conversation });
  assert.equal(mentionsMe, true);
  clerk.say({ say: { conversation, text: 'lunch is cold' } });
  assert.ok(!('mentionsMe' in (await engineer.event({ event: 'message', text: 'lunch is cold' }))));

  engineer.say({ pin: { conversation, id } });
  await engineer.event({ event: 'error', code: 'not-allowed', id });
  clerk.say({ pin: { conversation, id } });
  await until(engineer, { pins: { conversation } }, 'pins', (pins) => textsOf(pins).length === 1);
  clerk.say({ pin: { conversation, id, on: false } });
  await until(engineer, { pins: { conversation } }, 'pins', (pins) => textsOf(pins).length === 0);

  // Nobody has written to the other alone yet.
  engineer.say({ forward: { conversation, id, to: CLERK } });
  await engineer.event({ event: 'error', code: 'conversation-unknown', id });
  clerk.say({ send: { to: ENGINEER, text: 'between us' } });
  const { conversation: ofTwo } = await engineer.event({ event: 'message', text: 'between us' });
  engineer.say({ forward: { conversation, id, to: CLERK } });
  const forwarded = await clerk.event({ event: 'message', conversation: ofTwo });
  assert.equal(forwarded['text'], 'the oven is broken, @engineer');
  assert.equal((forwarded['forwardedFrom'] as Line)['author'], CLERK);

  const found = await until(
    engineer,
    { search: { words: 'oven', conversation } },
    'found',
    ({ messages }) => Array.isArray(messages) && messages.length > 0,
  );
  const [hit] = found['messages'] as Line[];
  assert.deepEqual(
    { ...hit, sentAt: '' },
    {
      conversation,
      id,
      from: CLERK,
      text: 'the oven is broken, @engineer',
      sentAt: '',
    },
  );
  engineer.say({ search: { words: 'nothing of the kind' } });
  assert.deepEqual(textsOf(await engineer.event({ event: 'found', words: 'nothing of the kind' })), []);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('what one deletes for oneself is found no more, and stays with the other', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  const has = (count: number) => (found: Line) => textsOf(found).length === count;
  for (const text of ['red apples', 'green apples']) clerk.say({ send: { to: ENGINEER, text } });
  const { id, conversation } = await engineer.event({ event: 'message', text: 'red apples' });
  const search = { search: { words: 'apples' } };
  await until(engineer, search, 'found', has(2));
  engineer.say({ hide: { conversation, id } });
  assert.deepEqual(textsOf(await until(engineer, search, 'found', has(1))), ['green apples']);
  engineer.say({ clear: { conversation } });
  await until(engineer, search, 'found', has(0));
  await until(clerk, search, 'found', has(2));
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('nothing comes from somebody blocked until they are unblocked', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  engineer.say({ block: { user: CLERK } });
  const { users } = await engineer.event({ event: 'blocked' });
  assert.deepEqual(
    (users as Line[]).map(({ user }) => user),
    [CLERK],
  );
  clerk.say({ send: { to: ENGINEER, text: 'can you hear me?' } });
  await clerk.event({ event: 'state', state: 'stored' });
  const seen = engineer.events().length;
  engineer.say({ unblock: { user: CLERK } });
  assert.deepEqual((await engineer.eventAfter(seen, { event: 'blocked' }))['users'], []);
  clerk.say({ send: { to: ENGINEER, text: 'and now?' } });
  await engineer.event({ event: 'message', text: 'and now?' });
  assert.equal(engineer.events().filter(({ text }) => text === 'can you hear me?').length, 0);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('who hides receipts and presence is seen neither reading nor online', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  engineer.say({ privacy: {} });
  const open = { event: 'privacy', receipts: true, presence: true, hidden: { receipts: false, presence: false } };
  assert.deepEqual(await engineer.event({ event: 'privacy' }), open);
  engineer.say({ privacy: { receipts: false } });
  assert.deepEqual(await engineer.event({ event: 'privacy', receipts: false }), { ...open, receipts: false });
  engineer.say({ privacy: { presence: false } });
  await engineer.event({ event: 'privacy', receipts: false, presence: false });
  clerk.say({ send: { to: ENGINEER, text: 'are you there?' } });
  const { id } = await engineer.event({ event: 'message' });
  engineer.say({ read: { id } });
  await clerk.event({ event: 'state', id, state: 'delivered' });
  await clerk.event({ event: 'presence', user: ENGINEER, state: 'offline' });
  // The reading came before this answer, which is no secret.
  engineer.say({ send: { to: CLERK, text: 'no' } });
  await clerk.event({ event: 'message', text: 'no' });
  assert.equal(clerk.events().filter((event) => event['id'] === id && event['state'] === 'read').length, 0);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('a conversation is kept on top, and a line that is wrong says what is wrong in it', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  clerk.say({ send: { to: ENGINEER, text: 'hello' } });
  const { conversation } = await engineer.event({ event: 'message' });
  engineer.say({ onTop: { conversation } });
  assert.deepEqual((await engineer.event({ event: 'on-top' }))['conversations'], [conversation]);
  engineer.say({ role: { conversation, user: CLERK, role: 'king' } });
  assert.match(String((await engineer.event({ event: 'error' }))['message']), /"role".*"king"/);
  const seen = engineer.events().length;
  engineer.say({ hid: { conversation } });
  assert.match(String((await engineer.eventAfter(seen, { event: 'error' }))['message']), /"hid"/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});
