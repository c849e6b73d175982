// Messages that go: taken back by their sender at every node, deleted by one user, expired; and what somebody who is blocked reaches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserId } from '../../../src/realm/ids.ts';
import { CONVERSATION, change, epochAt, groupMessage, never, world } from '../groups/group-world.ts';
import {
  type Branch,
  CLERK,
  COOK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  message,
  messageId,
  receivedBy,
  until,
} from '../simulated-branch.ts';

const LIMIT = { timeout: 30_000 };
const FROM = { user: CLERK, device: DEVICE };
const BOTH = [
  [CLERK, 'owner'],
  [COOK, 'member'],
  [ENGINEER, 'member'],
] as const;
const { conversation } = message(1);

const eventsOf = async (branch: Branch, user: UserId) =>
  (await branch.conversations.eventsSince(user, { incarnation: 0, n: 0 }, 500)).events;

const readBy = async (branch: Branch, user: UserId, where = conversation) =>
  (await branch.conversations.history(user, where, { limit: 50 })).messages.map(({ envelope }) => envelope.id);

test('what its sender takes back is gone at both nodes, and everybody who had it is told', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  await at(KYIV).conversations.submit(FROM, message(1, 'a secret'));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  await assert.rejects(at(LVIV).conversations.erase({ user: ENGINEER, device: DEVICE }, messageId(1)), {
    code: 'message-unknown',
  });
  await at(KYIV).conversations.erase(FROM, messageId(1));
  await until(async () => (await eventsOf(at(LVIV), ENGINEER)).filter(({ kind }) => kind === 'removed').length === 2);
  assert.deepEqual(await readBy(at(LVIV), ENGINEER), []);
  assert.deepEqual(await readBy(at(KYIV), CLERK), []);
  for (const branch of [at(KYIV), at(LVIV)]) {
    const events = await eventsOf(branch, branch === at(KYIV) ? CLERK : ENGINEER);
    assert.ok(events.every(({ kind }) => kind === 'removed'));
  }
  await at(KYIV).conversations.erase(FROM, messageId(1));
  assert.deepEqual(
    await at(KYIV)
      .conversations.submit(FROM, message(1, 'a secret'))
      .then(({ already }) => already),
    true,
  );
});

test('nobody takes back what somebody else wrote, and not before it came either', LIMIT, async (t) => {
  const { at, network } = await world(t, [KYIV, LVIV]);
  network.down(LVIV);
  await at(KYIV).conversations.submit(FROM, message(1));
  await at(KYIV).conversations.erase(FROM, messageId(1));
  await at(KYIV).conversations.submit(FROM, message(2));
  network.up(LVIV);
  await until(() => receivedBy(at(LVIV), ENGINEER).includes(messageId(2)));
  await until(async () => (await readBy(at(LVIV), ENGINEER)).length === 1);
  assert.deepEqual(await readBy(at(LVIV), ENGINEER), [messageId(2)]);
});

test('a group message is taken back in every realm of the group', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  await at(KYIV).groups.propose({ ...FROM, realm: KYIV }, change({ epoch: 0, home: KYIV, members: BOTH }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  await at(KYIV).conversations.submit(FROM, groupMessage(1));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  await at(KYIV).conversations.erase(FROM, messageId(1));
  await until(async () => (await readBy(at(LVIV), ENGINEER, CONVERSATION)).length === 0);
  assert.deepEqual(await readBy(at(KYIV), COOK, CONVERSATION), []);
});

test('who deletes a history loses it alone; when nobody has a message any more its body goes', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const to = [CLERK, COOK] as const;
  const { conversations } = at(KYIV);
  const { conversation: where } = message(1, '', to);
  for (let n = 1; n <= 3; n++) await conversations.submit(FROM, message(n, 'x', to));
  await conversations.clear(CLERK, where, false);
  assert.deepEqual(await readBy(at(KYIV), CLERK, where), []);
  assert.equal((await readBy(at(KYIV), COOK, where)).length, 3);
  assert.equal(await conversations.findMessage(COOK, messageId(1)).then((found) => found?.envelope.body.length), 1);
  assert.equal((await eventsOf(at(KYIV), CLERK)).at(-1)?.kind, 'cleared');
  await conversations.clear(COOK, where, true);
  assert.deepEqual(await conversations.listConversations(COOK), []);
  assert.equal((await conversations.listConversations(CLERK)).length, 1);
  assert.equal(await conversations.findMessage(CLERK, messageId(1)), undefined);
  await assert.rejects(conversations.clear(ENGINEER, where, true), { code: 'conversation-unknown' });
  await conversations.submit(FROM, message(4, 'again', to));
  assert.deepEqual(await readBy(at(KYIV), COOK, where), [messageId(4)]);
  assert.equal((await conversations.listConversations(COOK)).length, 1);
});

test('who is blocked reaches nobody and is not told; what was there before stays', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  const to = [CLERK, COOK] as const;
  await at(KYIV).conversations.submit(FROM, message(1));
  await at(KYIV).conversations.submit(FROM, message(11, 'x', to));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  await at(LVIV).blocks.block(ENGINEER, CLERK);
  await at(KYIV).blocks.block(COOK, CLERK);
  await at(KYIV).conversations.submit(FROM, message(2));
  assert.equal((await at(KYIV).conversations.submit(FROM, message(12, 'x', to))).state, 'stored');
  await until(() => at(KYIV).outbox.depth(LVIV) === 0);
  assert.deepEqual(await readBy(at(LVIV), ENGINEER), [messageId(1)]);
  assert.deepEqual(await readBy(at(KYIV), COOK, message(1, '', to).conversation), [messageId(11)]);
  assert.equal((await at(KYIV).conversations.findMessage(CLERK, messageId(2)))?.state, 'stored');
  await at(LVIV).blocks.unblock(ENGINEER, CLERK);
  await at(KYIV).conversations.submit(FROM, message(3));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 2);
  await assert.rejects(at(LVIV).blocks.block(ENGINEER, ENGINEER), { code: 'block-self' });
});

test('who hides what he reads is told of as having it, and not as having read it', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  await at(LVIV).privacy.set(ENGINEER, { receipts: false, presence: true });
  await at(KYIV).conversations.submit(FROM, message(1));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  await at(LVIV).conversations.markDelivered(ENGINEER, at(LVIV).conversations.head());
  await at(LVIV).conversations.markRead(ENGINEER, conversation, messageId(1));
  await at(LVIV).privacy.set(ENGINEER, { receipts: true, presence: true });
  await at(KYIV).conversations.submit(FROM, message(2));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 2);
  await at(LVIV).conversations.markRead(ENGINEER, conversation, messageId(2));
  const stateOf = async (n: number) => (await at(KYIV).conversations.findMessage(CLERK, messageId(n)))?.state;
  await until(async () => (await stateOf(2)) === 'read');
  assert.equal(await stateOf(1), 'delivered');
});

test('a group message with a timer goes at every node when its time is over', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  await at(KYIV).groups.propose({ ...FROM, realm: KYIV }, change({ epoch: 0, home: KYIV, members: BOTH }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  await at(KYIV).conversations.submit(FROM, { ...groupMessage(1), expires: Date.now() + 400 });
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  for (const [branch, user] of [
    [at(KYIV), COOK],
    [at(LVIV), ENGINEER],
  ] as const) {
    await until(async () => {
      await branch.conversations.removeExpired();
      return (await readBy(branch, user, CONVERSATION)).length === 0;
    });
    const [summary] = await branch.conversations.listConversations(user);
    assert.equal(summary?.unread, 0);
  }
});
