// `canopy chat` end to end: two terminals of one branch, each with its own streams, against a real LAN server.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkServer } from '../../cli/chat/node-platform.ts';
import { visible } from '../../cli/chat/shown-text.ts';
import { exitCodeOf } from '../../cli/exit-codes.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { openBranch } from '../node/lan/branch-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { CLERK, ENGINEER, PASSWORDS, Terminal, twoPeople } from './chat-terminal.ts';
import { canopy } from './run-cli.ts';

const TIMEOUT = { timeout: 60_000 };

test('two terminals write to each other, line by line', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS);
  assert.deepEqual(await clerk.event({ event: 'ready' }), { event: 'ready', v: 1 });
  await engineer.event({ event: 'ready' });

  const id = '7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10';
  clerk.say({ send: { id, to: ENGINEER, text: 'Привіт <b>світ</b>\n2' } });
  const message = await engineer.event({ event: 'message' });
  assert.deepEqual(
    { ...message, sentAt: '', conversation: '' },
    { event: 'message', id, conversation: '', from: CLERK, to: ENGINEER, text: 'Привіт <b>світ</b>\n2', sentAt: '' },
  );
  assert.ok(Math.abs(Date.parse(String(message['sentAt'])) - Date.now()) < 60_000);
  await clerk.event({ event: 'state', id, state: 'stored' });
  await clerk.event({ event: 'state', id, state: 'delivered' });
  engineer.say({ read: { id } });
  await clerk.event({ event: 'state', id, state: 'read' });
  await clerk.event({ event: 'presence', user: ENGINEER, state: 'online' });
  engineer.say({ typing: { to: CLERK } });
  await clerk.event({ event: 'presence', user: ENGINEER, state: 'typing' });
  assert.equal(clerk.events().filter(({ event }) => event === 'message').length, 0, 'own messages are not told');

  await engineer.eof();
  const offline = await clerk.event({ event: 'presence', user: ENGINEER, state: 'offline' });
  assert.equal(offline['event'], 'presence');
  await clerk.eof();
});

test('the same id again is harmless, also from a second run, and with another text a conflict', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS);
  await engineer.event({ event: 'ready' });
  const id = '7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d11';
  for (let run = 0; run < 2; run++) {
    const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
    clerk.say({ send: { id, to: ENGINEER, text: 'once' } });
    await clerk.event({ event: 'state', id, state: 'stored' });
    clerk.say({ send: { id, to: ENGINEER, text: 'another' } });
    await clerk.event({ event: 'error', id, code: 'id-conflict' });
    await clerk.eof();
  }
  const third = new Terminal(t, branch, CLERK, PASSWORDS);
  third.say({ send: { id, to: ENGINEER, text: 'another' } });
  await third.event({ event: 'error', id, code: 'id-conflict' });
  assert.equal(engineer.events().filter(({ event }) => event === 'message').length, 1);
});

test('at the end of input everything that was sent is stored, and who comes later gets it once', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  const texts = Array.from({ length: 50 }, (_, i) => String(i));
  for (const text of texts) clerk.say({ send: { to: ENGINEER, text } });
  await clerk.eof();
  assert.equal(clerk.events().filter(({ state }) => state === 'stored').length, 50);

  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS);
  await engineer.event({ event: 'message', text: '49' });
  await engineer.eof();
  const told = engineer.events().flatMap(({ event, text }) => (event === 'message' ? [text] : []));
  assert.deepEqual(told, texts);
  const again = new Terminal(t, branch, ENGINEER, PASSWORDS);
  await again.event({ event: 'ready' });
  await again.eof();
  assert.equal(again.events().filter(({ event }) => event === 'message').length, 0);
});

test('a restart of the server is survived', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS);
  await Promise.all([clerk.event({ event: 'ready' }), engineer.event({ event: 'ready' })]);
  const restart = branch.restart();
  for (let i = 0; i < 20; i++) clerk.say({ send: { to: ENGINEER, text: String(i) } });
  await restart;
  await engineer.event({ event: 'message', text: '19' });
  const told = engineer.events().flatMap(({ event, text }) => (event === 'message' ? [text] : []));
  assert.deepEqual(
    told,
    Array.from({ length: 20 }, (_, i) => String(i)),
  );
});

test('what is wrong on a line is told and the next line still counts', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  clerk.say('not json');
  await clerk.event({ event: 'error', code: 'bad-input' });
  clerk.say({ send: { to: 'stranger@kyiv.acme.ua', text: 'x' } });
  await clerk.event({ event: 'error', code: 'user-unknown' });
  clerk.say({ send: { id: 'no-uuid', to: ENGINEER, text: 'x' } });
  await clerk.event({ event: 'error', code: 'bad-id', id: 'no-uuid' });
  clerk.say({ read: { id: '7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d12' } });
  await clerk.event({ event: 'error', code: 'message-unknown' });
  clerk.say({ send: { to: ENGINEER, text: '' } });
  await clerk.event({ event: 'error', code: 'message-empty' });
  clerk.say({ send: { to: ENGINEER, text: 'right' } });
  await clerk.event({ event: 'state', state: 'stored' });
});

test('a wrong password ends the command with its code', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, { CANOPY_PASSWORD: 'no' });
  await assert.rejects(
    clerk.ended,
    (error: unknown) => error instanceof CommandFailure && codeOf(error.cause) === 'wrong-password',
  );
  const nothing = new Terminal(t, branch, CLERK, {});
  await assert.rejects(
    nothing.ended,
    (error: unknown) => error instanceof CommandFailure && codeOf(error.cause) === 'password-missing',
  );
});

test('a person sees names, texts and ticks', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS, []);
  await engineer.text(/connected as Engineer One/);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS, []);
  await clerk.text(/connected as Clerk One/);
  clerk.say('/to engineer@kyiv.acme.ua');
  await clerk.text(/to Engineer One/);
  clerk.say('good \u001b[31mmorning');
  assert.match(
    await engineer.text(/morning/),
    /^\d\d:\d\d Clerk One <clerk@kyiv\.acme\.ua> {2}good \ufffd\[31mmorning$/,
  );
  await clerk.text(/✓✓ good/);
  await clerk.eof();
});

test('what others wrote does not steer the terminal', () => {
  assert.equal(visible('a\u001b]0;title\u0007b\u009bc\u202ed\ne'), 'a\ufffd]0;title\ufffdb\ufffdc\ufffdd e');
});

test('a session does not cross a network in clear', () => {
  for (const server of ['http://chat.acme.ua:8443', 'http://192.168.1.5', 'ftp://x', 'kyiv', 'http://evillocalhost']) {
    assert.throws(() => checkServer(server), { code: 'bad-server' }, server);
  }
  for (const server of ['https://chat.acme.ua:8443', 'http://kyiv.localhost:7101', 'http://127.0.0.1:1'])
    checkServer(server);
});

test(
  'a message to somebody who never logged in is kept: the command ends, and the next one sends it',
  TIMEOUT,
  async (t) => {
    const branch = Object.assign(await openBranch(t), { folder: await temporaryFolder(t) });
    await branch.addUser('clerk', 'Clerk One', 'first-one');
    await branch.addUser('engineer', 'Engineer One', 'first-one');
    const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
    await clerk.event({ event: 'ready' });
    clerk.say({ send: { to: ENGINEER, text: 'are you new?' } });
    await clerk.event({ event: 'waiting', code: 'recipient-no-device' });
    await assert.rejects(clerk.eof(), (error) => {
      assert.ok(error instanceof CommandFailure);
      assert.deepEqual([codeOf(error.cause), exitCodeOf(error.cause)], ['recipient-no-device', 4]);
      return true;
    });
    const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS);
    await engineer.event({ event: 'ready' });
    await new Terminal(t, branch, CLERK, PASSWORDS).eof();
    await engineer.event({ event: 'message', text: 'are you new?' });
  },
);

test('a group by lines: made, written to, answered, edited, reacted to, taken back, left', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS);
  for (const one of [clerk, engineer]) await one.event({ event: 'ready' });
  clerk.say({ newGroup: { name: 'Kitchen', members: [ENGINEER] } });
  const { conversation } = await clerk.event({ event: 'group', name: 'Kitchen' });
  clerk.say({ say: { conversation, text: 'lunch' } });
  const { id } = await engineer.event({ event: 'message', text: 'lunch', conversation });
  const path = join(branch.folder, 'lunch.canopy-evidence');
  engineer.say({ report: { conversation, id, path } });
  await engineer.event({ event: 'report', id, path });
  const verified = await canopy(['evidence', 'verify', path]);
  assert.match(verified.stdout, /\| lunch\n/);
  // Nothing that is there is overwritten.
  engineer.say({ report: { conversation, id, path } });
  await engineer.event({ event: 'error', code: 'cannot-write', id });
  clerk.say({ timer: { conversation, expiresAfter: 3_600_000 } });
  engineer.say({ say: { conversation, text: 'at noon', replyTo: id } });
  await clerk.event({ event: 'message', text: 'at noon', conversation });
  engineer.say({ react: { conversation, id, emoji: '👍' } });
  clerk.say({ edit: { conversation, id, text: 'dinner' } });
  clerk.say({ delete: { conversation, id } });
  engineer.say({ invite: { conversation, user: CLERK } });
  engineer.say({ leave: { conversation } });
  engineer.say({ edit: { conversation, id, text: 'no' } });
  engineer.say({ react: { conversation, emoji: 'no id' } });
  await engineer.event({ event: 'error', code: 'bad-input' });
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('a group by a person: made, chosen by its name, and its messages changed', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS, []);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS, []);
  for (const one of [clerk, engineer]) await one.text(/connected as/);
  clerk.say('/reply too early');
  await clerk.text(/Choose a colleague or a group/);
  clerk.say(`/group new Night_shift ${ENGINEER}`);
  await clerk.text(/to the group Night shift/);
  clerk.say('who is there?');
  await engineer.text(/who is there\?/);
  engineer.say('/group Night shift');
  await engineer.text(/to the group Night shift/);
  engineer.say('/reply me');
  await clerk.text(/ {2}me$/);
  clerk.say(`/to ${ENGINEER}`);
  clerk.say('and to you alone');
  await engineer.text(/and to you alone/);
  engineer.say('/who');
  await engineer.text(
    /^group Night shift: (?=.*Clerk One <clerk@kyiv\.acme\.ua>)(?=.*Engineer One <engineer@kyiv\.acme\.ua>)/,
  );
  await engineer.text(/^Clerk One <clerk@kyiv\.acme\.ua>/);
  clerk.say('/group Night shift');
  await clerk.text(/to the group Night shift$/);
  engineer.say('/timer 1h');
  await engineer.text(/may not do that in this conversation/);
  clerk.say('/timer 1h');
  await clerk.text(/disappear 1h after they are read/);
  clerk.say('/timer off');
  await clerk.text(/messages stay/);
  clerk.say(`/report ${join(branch.folder, 'me.canopy-evidence')}`);
  await clerk.text(/saved as .*me\.canopy-evidence/);
  clerk.say('/react 👍');
  clerk.say('/edit who was there?');
  clerk.say('/delete');
  clerk.say('/leave');
  await clerk.text(/needs an owner/);
  engineer.say('/leave');
  await engineer.text(/you left/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});
