// The client library against a real LAN server.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Message } from '../../src/client/client.ts';
import { parseMessageId } from '../../src/realm/ids.ts';
import { openBranch } from '../node/lan/branch-fixture.ts';
import { clientOf, connected, ENGINEER, keptPlace } from './engine/people.ts';
import { nextEvent } from './waiting.ts';

const TIMEOUT = { timeout: 60_000 };

async function twoPeople(t: TestContext) {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const clerk = clientOf(t, branch);
  const engineer = clientOf(t, branch);
  await clerk.login('clerk@kyiv.acme.ua', 'first-clerk', { newPassword: 'second-clerk' });
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  return { branch, clerk, engineer };
}

test('a first login asks for a new password, and only that one fits afterwards', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  const client = clientOf(t, branch);
  await assert.rejects(client.login('clerk@kyiv.acme.ua', 'first-clerk'), { code: 'password-change-required' });
  await assert.rejects(client.conversations(), { code: 'session-missing' });
  const me = await client.login('clerk@kyiv.acme.ua', 'first-clerk', { newPassword: 'second-clerk' });
  assert.equal(me.user.address, 'clerk@kyiv.acme.ua');
  await assert.rejects(client.login('clerk@kyiv.acme.ua', 'first-clerk'), { code: 'wrong-password' });
  assert.equal((await client.login('clerk', 'second-clerk')).user.id, me.user.id);
});

test('a new password that breaks the rule is refused and changes nothing', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  const client = clientOf(t, branch);
  const short = { code: 'password-too-short', message: 'The new password is too short: at least 10 characters.' };
  await assert.rejects(client.login('clerk', 'first-clerk', { newPassword: 'nine char' }), short);
  await client.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
  await connected(client);
  await assert.rejects(client.changePassword('second-clerk', 'nine char'), short);
  await assert.rejects(client.changePassword('second-clerk', 'x'.repeat(1025)), { code: 'password-too-long' });
  await nextEvent(client, 'ready');
  assert.equal((await client.login('clerk', 'second-clerk')).user.address, 'clerk@kyiv.acme.ua');
});

test('an unknown user and a wrong password look the same', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const client = clientOf(t, branch);
  await assert.rejects(client.login('nobody@kyiv.acme.ua', 'whatever'), { code: 'wrong-password' });
});

test('a message goes from queued to stored, delivered and read', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoPeople(t);
  await Promise.all([connected(clerk), connected(engineer)]);
  const arrived = nextEvent(engineer, 'message');
  const states: string[] = [];
  clerk.on('state', ({ state }) => states.push(state));
  const delivered = nextEvent(clerk, 'state', ({ state }) => state === 'delivered');
  const sent = await clerk.send({ to: ENGINEER, text: '<img src=x onerror=alert(1)> & "quotes"' });
  assert.equal(sent.state, 'queued');
  const message = await arrived;
  assert.equal(message.id, sent.id);
  assert.equal(message.text, '<img src=x onerror=alert(1)> & "quotes"');
  assert.equal(message.from.address, 'clerk@kyiv.acme.ua');
  assert.equal(message.sentAt, sent.sentAt);
  await delivered;
  const read = nextEvent(clerk, 'state', ({ state }) => state === 'read');
  await engineer.markRead(message.id);
  await read;
  assert.deepEqual(states, ['stored', 'delivered', 'read']);
});

test('the same id again is harmless, with another text it is a conflict', TIMEOUT, async (t) => {
  const { branch, clerk, engineer } = await twoPeople(t);
  await Promise.all([connected(clerk), connected(engineer)]);
  const texts: (string | undefined)[] = [];
  engineer.on('message', ({ text }) => texts.push(text));
  const id = parseMessageId('0b0e7e44-5f0d-4c0e-9d5c-6f9f3a1c2b3d');
  await clerk.send({ id, to: ENGINEER, text: 'once' });
  await clerk.drained();
  const again = nextEvent(clerk, 'state', (change) => change.id === id);
  await clerk.send({ id, to: ENGINEER, text: 'once' });
  assert.notEqual((await again).state, 'failed');
  await assert.rejects(clerk.send({ id, to: ENGINEER, text: 'twice' }), { code: 'id-conflict' });

  const later = clientOf(t, branch);
  await later.login('clerk', 'second-clerk');
  await connected(later);
  const stored = nextEvent(later, 'state', (change) => change.id === id && change.state === 'stored');
  await later.send({ id, to: ENGINEER, text: 'once' });
  await stored;

  const other = clientOf(t, branch);
  await other.login('clerk', 'second-clerk');
  await connected(other);
  const failed = nextEvent(other, 'state', ({ state }) => state === 'failed');
  await other.send({ id, to: ENGINEER, text: 'twice' });
  assert.equal((await failed).failure?.code, 'id-conflict');
  assert.deepEqual(texts, ['once']);
});

test('what is sent while the server is away arrives once, in order, after it is back', TIMEOUT, async (t) => {
  const { branch, clerk, engineer } = await twoPeople(t);
  await Promise.all([connected(clerk), connected(engineer)]);
  const texts: (string | undefined)[] = [];
  engineer.on('message', ({ text }) => texts.push(text));
  await clerk.send({ to: ENGINEER, text: '0' });
  const away = nextEvent(clerk, 'connection', ({ state }) => state === 'waiting');
  const back = Promise.all([nextEvent(clerk, 'ready'), nextEvent(engineer, 'ready')]);
  const restart = branch.restart();
  await away;
  const last = nextEvent(engineer, 'message', ({ text }) => text === '9');
  for (let i = 1; i < 10; i++) await clerk.send({ to: ENGINEER, text: String(i) });
  await restart;
  await back;
  await last;
  await clerk.drained();
  assert.deepEqual(texts, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

test('a queue survives the end of the client', TIMEOUT, async (t) => {
  const { branch, engineer } = await twoPeople(t);
  const place = await keptPlace();
  const first = clientOf(t, branch, place);
  await first.login('clerk', 'second-clerk');
  await first.send({ to: ENGINEER, text: 'never connected' });
  await connected(engineer);
  const arrived = nextEvent(engineer, 'message');
  const second = clientOf(t, branch, place);
  const queued = nextEvent(second, 'message');
  await second.login('clerk', 'second-clerk');
  assert.equal((await queued).state, 'queued');
  await connected(second);
  assert.equal((await arrived).text, 'never connected');
});

test(
  'what the server refused is kept over the end of the client, until it is tried again or given up',
  TIMEOUT,
  async (t) => {
    const { branch, clerk, engineer } = await twoPeople(t);
    await Promise.all([connected(clerk), connected(engineer)]);
    const [one, two] = [1, 2].map((n) => parseMessageId(`0b0e7e44-5f0d-4c0e-9d5c-6f9f3a1c2b4${n}`));
    assert.ok(one && two);
    for (const id of [one, two]) await clerk.send({ id, to: ENGINEER, text: 'taken' });
    await clerk.drained();
    const place = await keptPlace();
    const first = clientOf(t, branch, place);
    const { token } = await first.login('clerk', 'second-clerk');
    await connected(first);
    for (const id of [one, two]) {
      const failed = nextEvent(first, 'state', (change) => change.id === id && change.state === 'failed');
      await first.send({ id, to: ENGINEER, text: `written with care ${id}` });
      await failed;
    }
    first.disconnect();

    const second = clientOf(t, branch, place);
    const told: string[] = [];
    second.on('state', ({ id, state, failure }) => told.push(`${id} ${state} ${failure?.code}`));
    await second.resume(token);
    assert.deepEqual(told, [`${one} failed id-conflict`, `${two} failed id-conflict`]);
    assert.deepEqual(second.queued(), []);
    await connected(second);
    await second.drained();
    const { conversation } = await second
      .history(second.conversationWith(engineer.me?.user ?? assert.fail()))
      .then(({ messages }) => messages[0] ?? assert.fail());
    await second.hide(conversation, [two]);
    const again = nextEvent(second, 'state', ({ id, state }) => id === one && state === 'failed');
    await second.retry(one);
    await again;
    second.disconnect();

    const third = clientOf(t, branch, place);
    const left: string[] = [];
    third.on('state', ({ id, state }) => left.push(`${id} ${state}`));
    await third.resume(token);
    assert.deepEqual(left, [`${one} failed`]);
  },
);

test('a client that comes later is told what it missed, once', TIMEOUT, async (t) => {
  const { branch, clerk, engineer } = await twoPeople(t);
  await connected(clerk);
  for (const text of ['a', 'b', 'c']) await clerk.send({ to: ENGINEER, text });
  await clerk.drained();
  const told: Message[] = [];
  engineer.on('message', (message) => told.push(message));
  const delivered = nextEvent(clerk, 'state', ({ state }) => state === 'delivered');
  await connected(engineer);
  assert.deepEqual(
    told.map(({ text }) => text),
    ['a', 'b', 'c'],
  );
  await delivered;
  engineer.disconnect();
  await connected(engineer);
  assert.equal(told.length, 3);

  const elsewhere = clientOf(t, branch);
  await elsewhere.login('engineer', 'second-engineer');
  const page = await elsewhere.history(elsewhere.conversationWith(told[0]?.from ?? assert.fail()), { limit: 2 });
  assert.deepEqual(
    page.messages.map(({ text }) => text),
    ['b', 'c'],
  );
  const before = await elsewhere.history(page.messages[0]?.conversation ?? assert.fail(), {
    before: page.before ?? '',
  });
  assert.deepEqual(
    before.messages.map(({ text }) => text),
    ['a'],
  );
  assert.equal(before.before, undefined);
  const [conversation] = await elsewhere.conversations();
  assert.equal(conversation?.unread, 3);
  assert.equal(conversation?.last?.text, 'c');
});

test('people are found by address and by the beginning of a login, with their department', TIMEOUT, async (t) => {
  const { branch, clerk } = await twoPeople(t);
  const { id } = branch.accounts.list().find(({ address }) => address.login === 'engineer') ?? assert.fail();
  await branch.accounts.setDepartment(id, 'Bridges', 'operator');
  const found = (await clerk.findUser('Engineer@kyiv.acme.ua')) ?? assert.fail();
  assert.deepEqual([found.name, found.department], ['Engineer One', 'Bridges']);
  assert.equal(await clerk.findUser('stranger@kyiv.acme.ua'), undefined);
  assert.deepEqual(
    (await clerk.searchUsers('eng')).map(({ address }) => address),
    [ENGINEER],
  );
  await assert.rejects(clerk.findUser('no-address'), { code: 'bad-user-address' });
  await assert.rejects(clerk.send({ to: 'stranger@kyiv.acme.ua', text: 'x' }), { code: 'user-unknown' });
});

test('presence and typing reach who looks', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoPeople(t);
  await connected(clerk);
  const user = (await clerk.findUser(ENGINEER)) ?? assert.fail();
  const offline = nextEvent(clerk, 'presence', ({ state }) => state === 'offline');
  clerk.watch([user]);
  await offline;
  const online = nextEvent(clerk, 'presence', ({ state }) => state === 'online');
  await connected(engineer);
  assert.equal((await online).user.address, ENGINEER);
  const typing = nextEvent(clerk, 'typing');
  await engineer.typing('clerk@kyiv.acme.ua');
  assert.equal((await typing).user.address, ENGINEER);
});

test('a session that is ended elsewhere closes the connection for good', TIMEOUT, async (t) => {
  const { branch, clerk } = await twoPeople(t);
  await connected(clerk);
  const out = nextEvent(clerk, 'signed-out');
  const user = clerk.me?.user.id ?? assert.fail();
  await branch.accounts.sessions.endAll(user, 'revoked');
  assert.equal((await out).code, 'session-ended');
  assert.equal(clerk.connection, 'offline');
  await assert.rejects(clerk.conversations(), { code: 'session-missing' });
});
