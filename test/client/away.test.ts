// A client whose server is away: it opens by what its device holds, shows and searches it, takes what is written, and goes on once the
// server is there.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import type { Client } from '../../src/client/client.ts';
import { openBranch } from '../node/lan/branch-fixture.ts';
import { addUser, quickPasswords } from './account/people.ts';
import { clientOf, connected, ENGINEER, keptPlace, type Way } from './engine/people.ts';
import { nextEvent } from './waiting.ts';

const LIMIT = { timeout: 60_000 };

/** A way to the server that can be cut. */
function line(t: TestContext): Way & { isCut: boolean } {
  const platform = nodePlatform();
  t.after(() => platform.close());
  const way: ReturnType<typeof line> = {
    isCut: false,
    fetch: async (url, init) => {
      if (way.isCut) throw new Error('no route to host');
      return platform.fetch(url, init);
    },
    openSocket: (url, protocol, headers) =>
      platform.openSocket(way.isCut ? 'ws://127.0.0.1:9' : url, protocol, headers),
  };
  return way;
}

/** A clerk and an engineer who have written to each other, and the clerk's device, closed. */
async function evening(t: TestContext) {
  const branch = await openBranch(t);
  await addUser(branch, 'clerk', 'first-clerk');
  await addUser(branch, 'engineer', 'first-engineer');
  const [way, place] = [line(t), await keptPlace()];
  const [clerk, engineer] = [
    clientOf(t, branch, { ...place, ...way, passwords: quickPasswords }),
    clientOf(t, branch, { passwords: quickPasswords }),
  ];
  const { token } = await clerk.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  await connected(clerk);
  await connected(engineer);
  const arrived = nextEvent(engineer, 'message');
  await clerk.send({ to: ENGINEER, text: 'the plan of sheet four' });
  const { conversation } = await arrived;
  const answered = nextEvent(clerk, 'message', ({ mine }) => !mine);
  await engineer.act(conversation, { kind: 'text', text: 'it hangs in the workshop' });
  await answered;
  await clerk.drained();
  await clerk.conversations();
  const again = () => clientOf(t, branch, { ...place, ...way, passwords: quickPasswords });
  return { branch, way, clerk, engineer, token, conversation, again };
}

const shown = async (client: Client, conversation: Parameters<Client['timeline']>[0]) => {
  const timeline = await client.timeline(conversation);
  const { items } = timeline.view();
  timeline.close();
  return items.flatMap((item) => (item.kind === 'message' ? [item.text] : []));
};

test(
  'a device opens without its server, shows and searches what it holds, and sends later what is written',
  LIMIT,
  async (t) => {
    const { way, clerk, engineer, token, conversation, again } = await evening(t);
    clerk.disconnect();
    way.isCut = true;
    const morning = again();
    const me = await morning.resume(token);
    assert.deepEqual([me?.user.name, morning.accountState], ['clerk', { kind: 'open' }]);
    assert.deepEqual(await shown(morning, conversation), ['the plan of sheet four', 'it hangs in the workshop']);
    const [listed] = await morning.conversations();
    assert.deepEqual([listed?.id, listed?.others[0]?.name], [conversation, 'engineer']);
    assert.equal((await morning.search('workshop')).length, 1);
    morning.connect();
    await morning.act(conversation, { kind: 'text', text: 'written in the dark' });
    assert.equal(morning.queued().length, 1);
    const arrived = nextEvent(engineer, 'message', ({ text }) => text === 'written in the dark');
    way.isCut = false;
    await arrived;
    await morning.drained();
    assert.deepEqual(morning.accountState, { kind: 'open' });
    assert.equal(morning.counters()['unable-to-decrypt'], 0);
  },
);

test('after a change of the password the device opens without its server as well', LIMIT, async (t) => {
  const { way, clerk, token, again } = await evening(t);
  const changed = await clerk.changePassword('second-clerk', 'third-clerk-3');
  clerk.disconnect();
  way.isCut = true;
  const morning = again();
  assert.equal((await morning.resume(changed.token ?? token))?.user.name, 'clerk');
  assert.deepEqual(morning.accountState, { kind: 'open' });
});

test('who was signed out meanwhile hears it when the server is there', LIMIT, async (t) => {
  const { branch, way, clerk, token, again } = await evening(t);
  clerk.disconnect();
  const other = clientOf(t, branch, { passwords: quickPasswords });
  const { user, device } = await clerk.resume(token).then((me) => me ?? assert.fail());
  clerk.disconnect();
  await other.login('clerk', 'second-clerk');
  await other.account?.removeDevice(device);
  way.isCut = true;
  const morning = again();
  assert.equal((await morning.resume(token))?.user.id, user.id);
  const wiped = nextEvent(morning, 'wiped');
  morning.connect();
  way.isCut = false;
  await wiped;
  assert.equal(morning.me, undefined);
  way.isCut = true;
  await assert.rejects(again().resume(token), { code: 'server-unreachable' });
});

test('whoever logged out opens nothing, and neither does a device without its keys', LIMIT, async (t) => {
  const { way, clerk, token, again, branch } = await evening(t);
  way.isCut = true;
  const elsewhere = clientOf(t, branch, { ...(await keptPlace()), ...way, passwords: quickPasswords });
  await assert.rejects(elsewhere.resume(token), { code: 'server-unreachable' });
  assert.equal(elsewhere.me, undefined);
  way.isCut = false;
  await clerk.logout();
  way.isCut = true;
  await assert.rejects(again().resume(token), { code: 'server-unreachable' });
});
