// The commands of `canopy chat` for people: groups with roles and news, messages by their numbers, what is the user's own, help.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ChatCommands } from '../../cli/chat/commands/all-commands.ts';
import { KeyCommands } from '../../cli/chat/commands/key-commands.ts';
import { createClient } from '../../src/client/client.ts';
import { CLERK, ENGINEER, PASSWORDS, Terminal, twoPeople } from './chat-terminal.ts';

const TIMEOUT = { timeout: 60_000 };
const COLUMNS = 80;

async function twoTerminals(t: TestContext) {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS, []);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS, []);
  for (const one of [clerk, engineer]) await one.text(/connected as/);
  return { clerk, engineer };
}

/** Says it and waits for a line that was printed since. */
async function answer(terminal: Terminal, line: string, pattern: RegExp): Promise<string> {
  const seen = terminal.lines.length;
  terminal.say(line);
  return terminal.textAfter(seen, pattern);
}

/** Says it again until it is answered so: what others did may still be on its way. */
async function answerInTheEnd(terminal: Terminal, line: string, pattern: RegExp): Promise<string> {
  for (;;) {
    const told = await answer(terminal, line, /./);
    if (pattern.test(told)) return told;
  }
}

const numberIn = (line: string): string => /^#\d+/.exec(line)?.[0] ?? assert.fail(line);

test('in news only who is administrator is heard, by roles that the owner gives', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  await answer(clerk, `/news Notices ${ENGINEER}`, /^to the news group Notices$/);
  clerk.say('closed on Monday');
  await engineer.text(/closed on Monday/);
  await answer(engineer, '/group Notices', /^to the group Notices$/);
  await answer(engineer, 'may I?', /! may I\? Only the owner and administrators write in this news group\.$/);
  await answer(clerk, '/members', /^news: its owner and administrators write$/);
  await clerk.text(/^engineer@kyiv\.acme\.ua \(member\)$/);
  await answer(clerk, `/role ${ENGINEER} king`, /"king" is not a role: .*owner\|administrator\|member/);
  await answer(clerk, `/role ${ENGINEER} administrator`, /^engineer@kyiv\.acme\.ua is administrator now$/);
  await answer(clerk, '/members', /^engineer@kyiv\.acme\.ua \(administrator\)$/);
  engineer.say('and on Tuesday');
  await clerk.text(/and on Tuesday$/);
  await answer(engineer, '/name Opening hours', /^the group is called Opening hours now$/);
  await answerInTheEnd(clerk, '/group Opening hours', /^to the group Opening hours$/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('a member is named by @login, and a pinned message is found by its number', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  await answer(clerk, `/group new Kitchen ${ENGINEER}`, /^to the group Kitchen$/);
  clerk.say('the oven is broken, @engineer');
  await engineer.text(/ {2}\(names you\) the oven is broken, @engineer$/);
  clerk.say('lunch is cold');
  await engineer.text(/> {2}lunch is cold$/);
  await answer(engineer, '/group Kitchen', /^to the group Kitchen$/);
  await answer(engineer, '/pin', /may not do that in this conversation/);
  const oven = numberIn(await answer(clerk, '/history', /oven is broken/));
  await answer(clerk, `/pin ${oven}`, /^pinned for all$/);
  assert.match(
    await answer(clerk, '/pins', /oven/),
    /^#\d+ \d\d:\d\d Clerk One <.*> {2}the oven is broken, @engineer \(pinned\)$/,
  );
  await answer(clerk, '/unpin', /^pinned no more$/);
  await answer(clerk, '/pins', /^nothing is pinned here$/);
  await answer(clerk, '/pin #4711', /No message has the number 4711/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('a message that was found is forwarded with its author, and hidden', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  await answer(clerk, `/group new Kitchen ${ENGINEER}`, /^to the group Kitchen$/);
  clerk.say('red apples');
  await engineer.text(/red apples/);
  const found = await answerInTheEnd(engineer, '/find appl', /red apples$/);
  assert.match(found, /^#\d+ \d\d:\d\d clerk@kyiv\.acme\.ua in Kitchen {2}red apples$/);
  const number = numberIn(found);
  await answer(engineer, `/forward ${number} ${CLERK}`, /no conversation with clerk.* yet\. Write to them first/);
  await answer(engineer, `/to ${CLERK}`, /^to Clerk One/);
  engineer.say('look');
  await clerk.text(/> {2}look$/);
  await answer(engineer, `/forward ${number} ${CLERK}`, /^forwarded to clerk@kyiv\.acme\.ua$/);
  await clerk.text(/Engineer One <.*> {2}forwarded, written by clerk@kyiv\.acme\.ua: red apples$/);
  await answer(engineer, '/hide', /\/history gives numbers/);
  await answer(engineer, `/hide ${number}`, /^deleted for you/);
  await answer(engineer, '/group Kitchen', /^to the group Kitchen$/);
  await answer(engineer, '/history', /^no messages yet$/);
  await answer(clerk, '/history', /red apples$/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('a history is deleted only after a second word', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  await answer(clerk, `/to ${ENGINEER}`, /^to Engineer One/);
  clerk.say('for a while');
  await engineer.text(/for a while/);
  await answer(engineer, '/clear', /Sure\? \/clear yes$/);
  await answer(engineer, '/history', /for a while$/);
  await answer(engineer, '/clear yes', /^the history with clerk@kyiv\.acme\.ua is deleted for you$/);
  await answer(engineer, '/history', /^no messages yet$/);
  await answer(clerk, '/history', /for a while$/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('who is blocked is not heard, and who is muted is heard when unmuted', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  await answer(engineer, '/blocked', /^nobody is blocked$/);
  await answer(engineer, `/block ${CLERK}`, /^nothing more comes from clerk@kyiv\.acme\.ua/);
  await answer(engineer, '/blocked', /^Clerk One <clerk@kyiv\.acme\.ua> {2}since \d\d:\d\d$/);
  await answer(clerk, `/to ${ENGINEER}`, /^to Engineer One/);
  await answer(clerk, 'blocked words', /✓ blocked words/);
  await answer(engineer, `/unblock ${CLERK}`, /can write to you again$/);
  clerk.say('heard words');
  await engineer.text(/> {2}heard words$/);

  await answer(engineer, '/mute', /^clerk@kyiv\.acme\.ua is muted until/);
  await answer(engineer, '/who', /^Clerk One .* muted$/);
  await answer(clerk, 'muted words', /✓✓ muted words/);
  await answer(engineer, '/unmute', /is shown again/);
  clerk.say('last words');
  await engineer.text(/> {2}last words$/);
  const shown = engineer.lines.filter((line) => /(?:blocked|muted) words/.test(line));
  assert.deepEqual(shown, []);
  await answer(engineer, '/history', /> {2}muted words$/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('privacy is told and changed one by one, and what stands on top comes first', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoTerminals(t);
  await answer(engineer, '/privacy', /^receipts: others learn what you have read$/);
  await answer(engineer, '/privacy receipts off', /^receipts: others do not learn what you have read$/);
  await engineer.text(/^presence: others learn when you are online$/);
  await answer(engineer, '/privacy presence off', /^presence: others do not learn when you are online$/);
  await answer(engineer, '/privacy presence maybe', /"maybe" is not understood: \/privacy receipts off/);
  await answer(clerk, `/group new Kitchen ${ENGINEER}`, /^to the group Kitchen$/);
  await answer(clerk, `/to ${ENGINEER}`, /^to Engineer One/);
  await answer(clerk, 'later', /✓ later/);
  await answer(clerk, '/who', /^Engineer One/);
  await answer(clerk, '/group Kitchen', /^to the group Kitchen$/);
  await answer(clerk, '/top', /^Kitchen stands on top, on all your devices$/);
  assert.match(await answer(clerk, '/who', /./), /^group Kitchen: .* {2}on top$/);
  await answer(clerk, '/untop', /^Kitchen stands among the others/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test(
  'a command that is not there tells which is meant, and one that lacks something how it is right',
  TIMEOUT,
  async (t) => {
    const { clerk } = await twoTerminals(t);
    await answer(clerk, '/histroy', /^No such command: \/histroy\. Did you mean \/history\? \/help tells more\.$/);
    await answer(clerk, '/xyzzy', /^No such command: \/xyzzy\. \/help tells more\.$/);
    await answer(clerk, '/invite', /^Choose a colleague or a group first/);
    await answer(clerk, '/group new Kitchen', /^Name and members are missing: \/group new NAME USER@BRANCH …$/);
    await answer(clerk, '/group Cellar', /^No group is called Cellar: \/who lists yours$/);
    await answer(clerk, `/to ${ENGINEER}`, /^to Engineer One/);
    await answer(clerk, '/role', /^That is for groups/);
    await answer(clerk, '/history many', /^"many" is not a number from 1 to 500/);
    await answer(clerk, '/help role', /^ {2}\/role USER@BRANCH ROLE {2,}owner, administrator or member$/);
    await clerk.eof();
  },
);

test('the lists of commands fit into 80 columns and the first into 24 rows, and Tab knows all of them', () => {
  const client = createClient({ server: 'http://kyiv.localhost:1' });
  const commands = new ChatCommands(new KeyCommands(client).commands);
  const all = commands.help('all');
  for (const line of all) assert.ok(line.length <= COLUMNS, `${line.length}: ${line}`);
  const first = commands.help('');
  assert.ok(first.length < 24, `${first.length} rows`);
  for (const line of first) assert.ok(line.length <= COLUMNS, `${line.length}: ${line}`);
  const listed = all.flatMap((line) => /^ {2}(\/[a-z-]+)/.exec(line)?.[1] ?? []);
  for (const name of listed) {
    assert.ok(commands.complete('/').includes(`${name} `), name);
    assert.ok(commands.find(name), name);
  }
  assert.deepEqual(commands.complete('/priv'), ['/privacy ', '/privacy presence ', '/privacy receipts ']);
  assert.deepEqual(commands.complete('hello'), []);
  assert.equal(commands.find('/group newcomers')?.words, 'newcomers');
  assert.equal(commands.find('/group new Kitchen')?.words, 'Kitchen');
  assert.equal(commands.find('/groups'), undefined);
});
