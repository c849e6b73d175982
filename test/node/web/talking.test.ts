// What is written and done in conversations: composing, naming people, links, lines, searching.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { signal } from '@preact/signals';
import type { Chat } from '../../../node/web/model/chat.ts';
import { Composing } from '../../../node/web/model/composing.ts';
import { Drafts } from '../../../node/web/model/drafts.ts';
import { EmojiUsed, findEmoji } from '../../../node/web/model/emoji.ts';
import { GroupMembers } from '../../../node/web/model/group-members.ts';
import { lineText } from '../../../node/web/model/line-text.ts';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { mentionQuery, mentionText, whoFits } from '../../../node/web/model/mention-query.ts';
import { MessageActions } from '../../../node/web/model/message-actions.ts';
import { messageParts } from '../../../node/web/model/message-parts.ts';
import { PeopleSearch } from '../../../node/web/model/people-search.ts';
import type { ShownLine } from '../../../node/web/model/timeline.ts';
import type { User } from '../../../src/client/client.ts';
import { mentionedIn } from '../../../src/client/mentions.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import { wordsIn } from './catalogues.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK, ENGINEER, person, ScriptedClient } from './scripted-client.ts';
import { CLERK_ID, ENGINEER_ID, numbered, TALK, told } from './scripted-talk.ts';

const OTHER_ENGINEER = person(3, 'engineer@odesa.acme.ua');
const DRAWING = person(4, 'drawing@lviv.acme.ua');
const DIRECT: Chat = { id: TALK, person: ENGINEER, people: [ENGINEER], unread: 0, addedAt: 0 };
const GROUP: Chat = { id: TALK, people: [ENGINEER, DRAWING], title: 'Works', unread: 0, addedAt: 0 };

function composing(chat: Chat) {
  const client = new ScriptedClient();
  const drafts = new Drafts({ client, clock: new HandClock() });
  return { client, drafts, made: new Composing({ client, drafts, chat, people: () => chat.people, onSent: () => {} }) };
}

test('the first words to somebody are sent to the person; an answer is one of the conversation', async () => {
  const { client, made } = composing(DIRECT);
  made.type(' hello ');
  assert.equal(made.send(), true);
  made.reply({ id: numbered(7) });
  made.type('and this');
  made.send();
  await setImmediate();
  assert.ok(client.asked.includes('send hello'));
  assert.deepEqual(client.talk.acts, [{ kind: 'text', text: 'and this', replyTo: numbered(7) }]);
  assert.deepEqual([made.text.value, made.replyTo.value], ['', undefined]);
});

test('a change of an earlier message leaves what was begun as new', async () => {
  const { client, made } = composing(DIRECT);
  made.type('half a sentence');
  made.edit({ id: numbered(3), text: 'old' });
  assert.equal(made.text.value, 'old');
  made.type('better');
  made.send();
  await setImmediate();
  assert.deepEqual(client.talk.acts, [{ kind: 'edit', target: numbered(3), text: 'better' }]);
  assert.equal(made.text.value, 'half a sentence');
});

test('what could not be sent stands in the field again, before what was begun since', async () => {
  const { client, made } = composing(GROUP);
  client.talk.refuses = new RefusedError('conversation-unknown', 'gone');
  made.type('lost?');
  made.send();
  made.type('next');
  await setImmediate();
  await setImmediate();
  assert.equal(made.text.value, 'lost?\nnext');
  assert.equal(made.failure.value?.code, 'conversation-unknown');
});

test('nothing and too much are not sent', () => {
  const { made } = composing(DIRECT);
  made.type('  ');
  assert.equal(made.send(), false);
  made.type('x'.repeat(30_000));
  assert.equal(made.send(), false);
  assert.equal(made.text.value.length, 30_000);
});

test('people of a group are named by their login, by the whole address where two have it', async () => {
  const { client, made } = composing(GROUP);
  made.type('Look, @engineer, and @nobody');
  made.send();
  await setImmediate();
  assert.deepEqual(client.talk.acts[0], {
    kind: 'text',
    text: 'Look, @engineer, and @nobody',
    mentions: [ENGINEER_ID],
  });
  const both = [ENGINEER, OTHER_ENGINEER];
  assert.deepEqual(mentionedIn('@engineer', both), []);
  assert.deepEqual(mentionedIn('@engineer@odesa.acme.ua.', both), [OTHER_ENGINEER]);
});

test('after "@" the members are offered that fit, and the chosen one stands in the text', () => {
  assert.equal(mentionQuery('mail me@', 8), undefined);
  const query = mentionQuery('so @Dra and', 7);
  assert.deepEqual(query, { from: 3, typed: 'dra' });
  assert.ok(query);
  assert.deepEqual(whoFits([ENGINEER, DRAWING], query.typed), [DRAWING]);
  assert.deepEqual(mentionText('so @Dra and', 7, query, DRAWING, [DRAWING]), { text: 'so @drawing  and', caret: 12 });
  assert.equal(
    mentionText('@e', 2, { from: 0, typed: 'e' }, ENGINEER, [ENGINEER, OTHER_ENGINEER]).text,
    `@${ENGINEER.address} `,
  );
});

test('only what a person can follow becomes a link, and one that reads like another warns', () => {
  const links = (text: string) => messageParts(text, []).flatMap((part) => (part.kind === 'link' ? [part] : []));
  assert.deepEqual(
    links('see http://intranet/wiki (https://a.example/b). mailto:clerk@kyiv.acme.ua').map(({ text }) => text),
    ['http://intranet/wiki', 'https://a.example/b', 'mailto:clerk@kyiv.acme.ua'],
  );
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//evil.example', 'plan.pdf']) {
    assert.deepEqual(links(text), [], text);
  }
  assert.equal(links('https://a.example/')[0]?.warning, undefined);
  assert.deepEqual(links('https://bank.example@evil.example/')[0]?.warning, { host: 'evil.example' });
  assert.equal(links('https://аpple.example/')[0]?.warning?.host.startsWith('xn--'), true);
  assert.ok(links('https://evil.example/\u202egpj.elpmaxe')[0]?.warning);
  assert.equal(links('http://a '.repeat(500)).length, 100);
});

test('every letter of a message is in its parts, once and in order', () => {
  const text = '<b>@engineer</b> https://a.example/?q=<script> @engineer@lviv.acme.ua, end';
  const parts = messageParts(text, [ENGINEER]);
  assert.equal(parts.map((part) => part.text).join(''), text);
  assert.equal(parts.filter(({ kind }) => kind === 'mention').length, 2);
});

test('what happened to a group is told from the reader’s side, in each language', () => {
  const line: ShownLine = { kind: 'line', id: 'x', what: 'joined', by: ENGINEER_ID, users: [CLERK_ID], at: 0 };
  const names = (id: string) => (id === CLERK_ID ? 'Clerk' : 'Engineer');
  const english = wordsIn('en', 'UTC');
  assert.equal(lineText(english, line, CLERK_ID, names), 'Engineer added you.');
  assert.equal(lineText(english, line, ENGINEER_ID, names), 'You added Clerk.');
  assert.equal(
    lineText(english, { ...line, what: 'timer', users: [], timer: 7_200_000 }, CLERK_ID, names),
    'Messages disappear 2 hours after they are read.',
  );
  for (const language of ['en', 'uk', 'ru', 'zh'] as const) {
    for (const what of [
      'created',
      'joined',
      'left',
      'removed',
      'role-changed',
      'identity-changed',
      'device-added',
      'profile',
      'commit-refused',
    ] as const) {
      const text = lineText(wordsIn(language, 'UTC'), { ...line, what, name: 'Works' }, ENGINEER_ID, names);
      assert.doesNotMatch(text, /[{}]/, `${language} ${what}`);
    }
  }
});

test('a person’s name is never a pattern in a line', () => {
  const line: ShownLine = {
    kind: 'line',
    id: 'x',
    what: 'profile',
    by: ENGINEER_ID,
    users: [],
    at: 0,
    name: '{person} $&',
  };
  assert.equal(
    lineText(wordsIn('en', 'UTC'), line, CLERK_ID, () => 'E'),
    'E named the group “{person} $&”.',
  );
});

test('a reaction of one’s own is taken back by the same emoji', async () => {
  const client = new ScriptedClient();
  const actions = new MessageActions({ client });
  const talk = client.talk;
  await talk.held(
    told(1, 10),
    told(2, 20, {
      sender: CLERK_ID,
      content: { kind: 'reaction', target: numbered(1), emoji: '👍', on: true, sentAt: 20 },
    }),
  );
  const message = (await talk.timeline(TALK)).view().items.find((item) => item.kind === 'message');
  assert.ok(message);
  actions.react(DIRECT, message, '👍');
  actions.react(DIRECT, message, '🎉');
  await setImmediate();
  assert.deepEqual(client.talk.acts, [
    { kind: 'reaction', target: numbered(1), emoji: '👍', on: false },
    { kind: 'reaction', target: numbered(1), emoji: '🎉', on: true },
  ]);
});

test('whoever is not a member of a group may do nothing there, and that is known for certain once asked', async () => {
  const client = new ScriptedClient();
  const members = new GroupMembers({ client, me: CLERK_ID });
  assert.equal(members.isOut(TALK), false);
  await setImmediate();
  assert.deepEqual([members.isOut(TALK), members.mayI(TALK, 'write')], [true, false]);
});

test('people are found among the known at once, among all when the typing pauses', async () => {
  const client = new ScriptedClient();
  client.users = [CLERK, DRAWING, ENGINEER];
  const clock = new HandClock();
  const people = [{ ...ENGINEER, department: 'North Works' }];
  const search = new PeopleSearch({ client, clock, chats: { list: signal([{ ...DIRECT, people }]) }, me: CLERK.id });
  const found = (): readonly User[] => search.found.value;
  assert.deepEqual(found(), people);
  search.type('works');
  assert.deepEqual(found(), people);
  search.type('dra');
  assert.deepEqual(found(), []);
  clock.pass(300);
  await setImmediate();
  assert.ok(found().includes(DRAWING));
  assert.ok(!found().includes(CLERK));
});

test('emoji are found by the beginning of their name first, and those in use stand in front', () => {
  const emoji = [
    { text: '💔', name: 'broken heart', tags: 'love', group: 0 },
    { text: '❤️', name: 'heart', tags: 'love red', group: 0 },
    { text: '🚗', name: 'car', tags: 'road', group: 5 },
  ] as const;
  assert.deepEqual(
    findEmoji(emoji, 'Heart').map(({ text }) => text),
    ['❤️', '💔'],
  );
  const used = new EmojiUsed(memoryStore());
  used.use('🚗');
  assert.equal(used.often()[0], '🚗');
});
