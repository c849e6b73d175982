// What a device asks its server while it writes: of a group that it has brought forward, nothing more before each message.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { createClient, type HttpFetch } from '../../../src/client/client.ts';
import { openBranch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected, ENGINEER } from './people.ts';

test('twenty messages ask for commits no more often than one, and a commit that is told is fetched', {
  timeout: 60_000,
}, async (t) => {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const platform = nodePlatform();
  let asked = 0;
  const fetch: HttpFetch = (url, init) => {
    if (url.includes('/commits?')) asked++;
    return platform.fetch(url, init);
  };
  const clerk = createClient({ server: branch.server.url, ...platform, fetch });
  const engineer = clientOf(t, branch);
  t.after(async () => {
    clerk.disconnect();
    await platform.close();
  });
  await clerk.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  await connected(clerk);
  await connected(engineer);
  const say = async (text: string): Promise<void> => {
    const arrived = nextEvent(engineer, 'message', (message) => message.text === text);
    await clerk.send({ to: ENGINEER, text });
    await arrived;
  };
  await say('the first makes the group');
  await say('the second');
  const before = asked;
  for (let n = 0; n < 20; n++) await say(`number ${n}`);
  assert.equal(asked, before);
  // The engineer's second device joins from outside by a commit: the clerk is told, and writes for both.
  const second = clientOf(t, branch);
  await second.login('engineer', 'second-engineer');
  await connected(second);
  const heard = nextEvent(clerk, 'message', (message) => !message.mine);
  await second.send({ to: 'clerk@kyiv.acme.ua', text: 'from the second device' });
  await heard;
  const read = nextEvent(second, 'message', (message) => message.text === 'for both');
  await say('for both');
  assert.equal((await read).problem, undefined);
  assert.ok(asked > before);
});
