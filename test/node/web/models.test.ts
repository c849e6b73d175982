// The smaller models: session, people, drafts, finding a colleague, connection, looks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { signal } from '@preact/signals';
import { chatAddress } from '../../../node/web/model/chat.ts';
import { chatLine, matchChats } from '../../../node/web/model/chat-lines.ts';
import { ConnectionModel } from '../../../node/web/model/connection.ts';
import { Drafts } from '../../../node/web/model/drafts.ts';
import { ColleagueFinder } from '../../../node/web/model/find-colleague.ts';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { MAX_TEXT, roomLeft } from '../../../node/web/model/message-length.ts';
import { People } from '../../../node/web/model/people.ts';
import { colourOf, initialsOf } from '../../../node/web/model/person-look.ts';
import { saidIn } from '../../../node/web/model/said.ts';
import { SessionModel } from '../../../node/web/model/session.ts';
import type { TabPlace } from '../../../node/web/model/tab.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import { wordsIn } from './catalogues.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK, ENGINEER, message, ScriptedClient } from './scripted-client.ts';
import { numbered, TALK } from './scripted-talk.ts';

const words = wordsIn('en');
const onlyTab = (): TabPlace => ({ enter: async () => true, take: async () => {} });

test('a bare username belongs to the branch of the page', async () => {
  const client = new ScriptedClient();
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  assert.equal(session.stage.value.kind, 'login');
  await session.logIn(' Clerk ', 'secret');
  assert.deepEqual(client.asked, ['login clerk@kyiv.acme.ua']);
  assert.equal(session.stage.value.kind, 'in');
});

test('a first password leads to the choice of an own one', async () => {
  const client = new ScriptedClient();
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  const me = await client.loginWith('');
  client.loginWith = async (_, newPassword) => {
    if (newPassword === undefined) throw new RefusedError('password-change-required', 'first');
    return me;
  };
  await session.logIn('clerk', 'first');
  assert.equal(session.stage.value.kind, 'new-password');
  assert.equal(session.isFirstPassword('first'), true);
  await session.choosePassword('an own one');
  assert.equal(session.stage.value.kind, 'in');
});

test('a refused login leaves the reason at the form', async () => {
  const client = new ScriptedClient();
  client.loginWith = async () => Promise.reject(new RefusedError('wrong-password', 'no'));
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  await session.logIn('clerk', 'no');
  assert.equal(session.failure.value?.code, 'wrong-password');
  assert.equal(session.busy.value, false);
});

test('a session that ends by itself leads to the login and says so', async () => {
  const client = new ScriptedClient();
  client.resumed = await client.loginWith('');
  const store = memoryStore();
  store.setItem('canopy.session', 'in');
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store });
  await session.open();
  assert.equal(session.stage.value.kind, 'in');
  client.tell('signed-out', { code: 'session-ended' });
  assert.deepEqual(session.stage.value, { kind: 'login', why: 'ended' });
});

test('a branch that is locked closes the page in words, and the page asks again when it opens', async () => {
  const client = new ScriptedClient();
  const store = memoryStore();
  const parts = { client, clock: new HandClock(), tab: onlyTab(), store };
  const session = new SessionModel(parts);
  await session.open();
  await session.logIn('clerk', 'secret');
  client.tell('signed-out', { code: 'branch-locked' });
  assert.deepEqual(session.stage.value, { kind: 'login', why: 'branch-locked' });
  client.resume = async () => Promise.reject(new RefusedError('branch-locked', 'no'));
  const again = new SessionModel(parts);
  await again.open();
  assert.deepEqual(again.stage.value, { kind: 'login', why: 'branch-locked' });
});

test('a device that was signed out for good says so at the login', async () => {
  const client = new ScriptedClient();
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  await session.logIn('clerk', 'secret');
  client.tell('wiped', { users: [] });
  assert.deepEqual(session.stage.value, { kind: 'login', why: 'wiped' });
});

test('after a reset the recovery key opens the messages; a wrong one is told and changes nothing', async () => {
  const client = new ScriptedClient();
  client.accountState = { kind: 'locked', why: 'other-password' };
  client.recoverWith = async () => Promise.reject(new RefusedError('vault-secret-wrong', 'no'));
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  await session.logIn('clerk', 'reset');
  assert.equal(session.stage.value.kind, 'locked');
  await session.recover('one');
  assert.deepEqual([session.stage.value.kind, session.failure.value?.code], ['locked', 'vault-secret-wrong']);
  client.recoverWith = async () => {};
  await session.recover('another');
  assert.equal(session.stage.value.kind, 'in');
});

test('after a reset without a recovery key new keys begin', async () => {
  const client = new ScriptedClient();
  client.accountState = { kind: 'locked', why: 'other-password' };
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  await session.logIn('clerk', 'reset');
  await session.beginAnew();
  assert.equal(session.stage.value.kind, 'in');
});

test('a server that shows other keys than this browser knows lets nobody in, and its code is told', async () => {
  const client = new ScriptedClient();
  client.accountState = { kind: 'refused', code: 'vault-truncated' };
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  await session.logIn('clerk', 'secret');
  assert.deepEqual([session.stage.value.kind, session.failure.value?.code], ['login', 'vault-truncated']);
});

test('whoever logs in to a server with older keys may go on from them by the recovery key, or wait', async () => {
  const client = new ScriptedClient();
  const session = new SessionModel({ client, clock: new HandClock(), tab: onlyTab(), store: memoryStore() });
  await session.open();
  for (const code of ['vault-rolled-back', 'vault-forked']) {
    client.accountState = { kind: 'refused', code };
    await session.logIn('clerk', 'secret');
    assert.deepEqual([session.stage.value.kind, session.failure.value?.code], ['older', code]);
    await session.logOut({ keepDevice: true });
    assert.equal(session.stage.value.kind, 'login');
  }
  client.accountState = { kind: 'refused', code: 'vault-rolled-back' };
  await session.logIn('clerk', 'secret');
  client.recoverWith = async () => Promise.reject(new RefusedError('vault-secret-wrong', 'no'));
  await session.goOnFromOlder('one');
  assert.deepEqual([session.stage.value.kind, session.failure.value?.code], ['older', 'vault-secret-wrong']);
  client.recoverWith = async () => {};
  await session.goOnFromOlder('another');
  assert.equal(session.stage.value.kind, 'in');
});

test('while another tab works this one asks nothing, until it takes the place', async () => {
  const client = new ScriptedClient();
  client.resumed = await client.loginWith('');
  const store = memoryStore();
  store.setItem('canopy.session', 'in');
  const tab = { enter: async () => false, take: async () => void client.asked.push('taken') };
  const session = new SessionModel({ client, clock: new HandClock(), tab, store });
  await session.open();
  assert.equal(session.stage.value.kind, 'elsewhere');
  assert.equal(session.server.value, undefined);
  await session.openHere();
  assert.deepEqual(client.asked, ['taken']);
  assert.equal(session.stage.value.kind, 'in');
});

test('"typing" ends after six seconds, or with the message', () => {
  const client = new ScriptedClient();
  const clock = new HandClock();
  const people = new People({ client, clock, skew: signal(0) });
  people.start();
  const typing = { user: ENGINEER, conversation: message(1, 0).conversation, active: true };
  client.tell('typing', typing);
  clock.pass(5900);
  assert.equal(people.presenceOf(ENGINEER).value.typing, true);
  clock.pass(200);
  assert.equal(people.presenceOf(ENGINEER).value.typing, false);
  client.tell('typing', typing);
  client.tell('message', message(1, 0));
  assert.equal(people.presenceOf(ENGINEER).value.typing, false);
  people.stop();
});

test('nobody is shown online while there is no connection', () => {
  const client = new ScriptedClient();
  const people = new People({ client, clock: new HandClock(), skew: signal(0) });
  people.start();
  client.tell('presence', { user: ENGINEER, state: 'online' });
  client.tell('connection', { state: 'waiting' });
  assert.equal(people.presenceOf(ENGINEER).value.state, 'unknown');
  people.stop();
});

test('a draft is kept within a second and gone when it is sent', () => {
  const client = new ScriptedClient();
  const clock = new HandClock();
  const drafts = new Drafts({ client, clock });
  drafts.set(TALK, { text: 'half a sen', replyTo: numbered(1) });
  clock.pass(1000);
  assert.deepEqual(client.draft(TALK), { text: 'half a sen', at: 0, replyTo: numbered(1) });
  assert.equal(new Drafts({ client, clock }).of(TALK).value.text, 'half a sen');
  drafts.set(TALK, { text: '' });
  assert.equal(client.draft(TALK), undefined);
});

test('a draft survives a page that goes at once', () => {
  const client = new ScriptedClient();
  const drafts = new Drafts({ client, clock: new HandClock() });
  drafts.set(TALK, { text: 'x' });
  drafts.flush();
  assert.equal(client.draft(TALK)?.text, 'x');
});

test('a draft of another device shows here, but not over what is being typed', () => {
  const client = new ScriptedClient();
  const drafts = new Drafts({ client, clock: new HandClock() });
  drafts.start();
  client.tell('draft', { conversation: TALK, draft: { text: 'from there', at: 1 } });
  assert.equal(drafts.of(TALK).value.text, 'from there');
  drafts.set(TALK, { text: 'typed here' });
  client.tell('draft', { conversation: TALK, draft: undefined });
  assert.equal(drafts.of(TALK).value.text, 'typed here');
  drafts.stop();
  assert.equal(client.listening, 0);
});

test('a draft that can not be kept stays on the screen', () => {
  const client = new ScriptedClient();
  client.setDraft = async () => assert.fail('draft-too-long');
  const drafts = new Drafts({ client, clock: new HandClock() });
  drafts.set(TALK, { text: 'x' });
  drafts.flush();
  assert.equal(drafts.of(TALK).value.text, 'x');
});

test('a colleague is looked for when the typing pauses, by the address that was meant', async () => {
  const client = new ScriptedClient();
  const clock = new HandClock();
  const finder = new ColleagueFinder({ client, clock, me: CLERK, realm: 'kyiv.acme.ua' });
  finder.type('engineer');
  finder.type('Engineer@lviv.acme.ua ');
  assert.equal(finder.finding.value.kind, 'looking');
  clock.pass(1000);
  await setImmediate();
  assert.deepEqual(client.asked, ['find engineer@lviv.acme.ua']);
  assert.deepEqual(finder.finding.value, { kind: 'found', user: ENGINEER });
});

test('oneself, nobody and nonsense are told apart', async () => {
  const client = new ScriptedClient();
  const clock = new HandClock();
  const finder = new ColleagueFinder({ client, clock, me: CLERK, realm: 'kyiv.acme.ua' });
  const kindOf = async (text: string): Promise<string> => {
    finder.type(text);
    clock.pass(1000);
    await setImmediate();
    return finder.finding.value.kind;
  };
  assert.equal(await kindOf('clerk'), 'self');
  assert.equal(await kindOf('nobody'), 'none');
  assert.equal(await kindOf('no body'), 'malformed');
  assert.equal(await kindOf('a@b@c'), 'malformed');
  assert.equal(await kindOf('engineer@lviv.'), 'none');
  assert.equal(await kindOf(''), 'idle');
});

test('a break is told in words after a moment, with what waits', () => {
  const client = new ScriptedClient();
  const clock = new HandClock();
  const online = signal(true);
  const connection = new ConnectionModel({ client, clock, online });
  connection.start();
  client.tell('connection', { state: 'live' });
  client.tell('connection', { state: 'waiting' });
  assert.equal(connection.text(words), undefined);
  clock.pass(2000);
  assert.match(connection.text(words) ?? '', /doesn’t answer\. Reconnecting…$/);
  client.tell('message', message(1, 0, { mine: true, state: 'queued' }));
  assert.match(connection.text(words) ?? '', /1 message waits here/);
  online.value = false;
  assert.match(connection.text(words) ?? '', /no network/);
  client.tell('connection', { state: 'live' });
  assert.equal(connection.text(words), undefined);
  connection.stop();
});

test('the line of a conversation is what matters most now', () => {
  const chat = { id: TALK, person: ENGINEER, people: [ENGINEER], unread: 0, addedAt: 0, last: saidIn(message(1, 0)) };
  assert.deepEqual(chatLine(chat, 'draft', [ENGINEER]), { kind: 'typing', who: [ENGINEER] });
  assert.deepEqual(chatLine(chat, ' a\n b', []), { kind: 'draft', text: 'a b' });
  assert.deepEqual(chatLine(chat, '', []), { kind: 'message', text: 'text 1', mine: false, by: undefined });
  const ofGroup = chatLine({ ...chat, person: undefined }, '', []);
  assert.deepEqual(ofGroup, { kind: 'message', text: 'text 1', mine: false, by: ENGINEER.id });
  assert.deepEqual(chatLine({ ...chat, last: { ...chat.last, isDeleted: true } }, '', []), { kind: 'deleted' });
  assert.deepEqual(chatLine({ ...chat, last: undefined }, '', []), { kind: 'address' });
});

test('the switcher finds by the beginning of a name, by the address or the department, groups by their name', async () => {
  const words = await wordsIn('en', 'UTC');
  const people = [ENGINEER, { ...CLERK, department: 'Wages' }];
  const direct = people.map((person) => ({ id: TALK, person, people: [person], unread: 0, addedAt: 0 }));
  const group = { id: TALK, people: [ENGINEER], title: 'North stair', unread: 0, addedAt: 0 };
  const chats = [...direct, group];
  assert.deepEqual(matchChats(words, chats, 'ENG'), [direct[0]]);
  assert.deepEqual(matchChats(words, chats, 'kyiv'), [direct[1]]);
  assert.deepEqual(matchChats(words, chats, 'wag'), [direct[1]]);
  assert.equal(direct[1] && chatAddress(words, direct[1]), `${CLERK.address} · Wages`);
  assert.deepEqual(matchChats(words, chats, 'stair'), [group]);
  assert.equal(matchChats(words, chats, '').length, 3);
});

test('the longest text always fits into a body', () => {
  assert.equal(roomLeft('x'.repeat(MAX_TEXT)), 0);
  assert.ok(new TextEncoder().encode('\uffff'.repeat(MAX_TEXT)).length < 64 * 1024);
});

test('a person has one colour and readable initials', () => {
  assert.equal(colourOf(CLERK.id), colourOf(CLERK.id));
  assert.equal(initialsOf('Engineer One'), 'EO');
  assert.equal(initialsOf('Іван'), 'І');
  assert.equal(initialsOf('<img src=x>'), 'SO'.slice(0, 1));
});

test('what waits from before a reload is counted', () => {
  const client = new ScriptedClient();
  client.waiting = [{ id: message(1, 1000).id, conversation: message(1, 1000).conversation }];
  const connection = new ConnectionModel({ client, clock: new HandClock(), online: signal(true) });
  connection.start();
  assert.equal(connection.queued.value, 1);
  client.tell('state', { id: message(1, 1000).id, conversation: message(1, 1000).conversation, state: 'stored' });
  assert.equal(connection.queued.value, 0);
});
