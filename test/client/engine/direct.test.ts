// Conversations of two, end to end: real clients against a real LAN server that keeps accounts and groups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../../src/client/client.ts';
import { openBranch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected, ENGINEER } from './people.ts';

const TIMEOUT = { timeout: 60_000 };

test('the first message makes the group, the other side joins by its welcome, and both read', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const [clerk, engineer] = [clientOf(t, branch), clientOf(t, branch)];
  await clerk.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  await connected(clerk);
  await connected(engineer);
  const told: Message[] = [];
  for (const client of [clerk, engineer]) client.on('error', (error) => console.error('E', error));
  clerk.on('state', (s) => console.error('S', JSON.stringify(s)));
  engineer.on('message', (message) => told.push(message));
  const arrived = nextEvent(engineer, 'message');
  await clerk.send({ to: ENGINEER, text: 'Доброго дня' });
  const message = await arrived;
  assert.equal(message.text, 'Доброго дня');
  assert.equal(message.problem, undefined);
});
