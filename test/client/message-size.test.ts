// What the realm's policy allows is known to the client: nobody waits for a refusal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { openBranch } from '../node/lan/branch-fixture.ts';
import { until } from '../node/simulated-branch.ts';
import { clientOf, connected, ENGINEER } from './engine/people.ts';

test('a message above the size that the policy allows is refused before it is queued', {
  timeout: 60_000,
}, async (t) => {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const platform = nodePlatform();
  t.after(() => platform.close());
  const fetch: typeof platform.fetch = async (input, init) => {
    const answer = await platform.fetch(input, init);
    if (!String(input).endsWith('/server')) return answer;
    const server: unknown = await answer.json();
    assert.ok(server !== null && typeof server === 'object');
    const told = { ...server, limits: { message: 1_000, file: 1_000_000, hidden: [] } };
    return Response.json(told);
  };
  const engineer = clientOf(t, branch);
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  const clerk = clientOf(t, branch, { fetch, openSocket: platform.openSocket });
  await clerk.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
  await connected(clerk);
  const shown: string[] = [];
  clerk.on('message', ({ text = '' }) => void shown.push(text));
  const refused = async () => {
    const before = shown.length;
    const code = await clerk.send({ to: ENGINEER, text: 'x'.repeat(900) }).then(() => undefined, codeOf);
    return code === 'message-too-long' && shown.length === before;
  };
  // The client asks the server for it after it has connected.
  await until(refused);
  const before = shown.length;
  await clerk.send({ to: ENGINEER, text: 'x'.repeat(600) });
  assert.equal(shown.length, before + 1);
});
