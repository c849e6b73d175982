// What the LAN API says of a group that is not there yet: one of the two people learns it, everybody else is refused alike.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { directConversationId } from '../../../src/realm/ids.ts';
import { clientOf } from '../../client/engine/people.ts';
import { openBranch } from './branch-fixture.ts';

test('one of two is told that there is no group yet; whoever is neither learns nothing of others', {
  timeout: 60_000,
}, async (t) => {
  const branch = await openBranch(t);
  const platform = nodePlatform();
  t.after(() => platform.close());
  const people = await Promise.all(
    ['clerk', 'engineer', 'visitor'].map(async (login) => {
      await branch.addUser(login, login, `first-password-of-${login}`);
      const client = clientOf(t, branch);
      const { user, token } = await client.login(login, `first-password-of-${login}`, {
        newPassword: `second-password-of-${login}`,
      });
      return { id: user.id, token };
    }),
  );
  const [clerk, engineer, visitor] = people;
  assert.ok(clerk && engineer && visitor);
  const conversation = directConversationId(clerk.id, engineer.id);
  const ask = async (token: string | undefined, query: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await platform.fetch(`${branch.server.url}/api/v1/conversations/${conversation}/group${query}`, {
      method: 'GET',
      headers,
    });
    return [answer.status, await answer.json()];
  };
  assert.deepEqual(await ask(clerk.token, `?with=${engineer.id}`), [200, { groups: [] }]);
  const [status] = await ask(clerk.token, '');
  assert.equal(status, 404);
  const refused = await ask(visitor.token, `?with=${engineer.id}`);
  assert.equal(refused[0], 404);
  assert.deepEqual(refused, await ask(visitor.token, `?with=${clerk.id}`));
});
