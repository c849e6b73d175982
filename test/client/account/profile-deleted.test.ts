// A user ends the own profile, client library against a real LAN server: who may, what is erased, and what everybody else then finds.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import type { Client } from '../../../src/client/client.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { type Branch, openBranch, REALM } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { addUser, clientOf, PASSWORDS } from './people.ts';

const LIMIT = { timeout: 60_000 };
const { first, second } = PASSWORDS;
const MINUTE = 60_000;
const CLERK = `clerk@${REALM}`;

async function deletes(client: Client): Promise<void> {
  await (client.account ?? assert.fail('the account is not open')).deleteProfile();
}

async function clerkAt(t: TestContext, branch: Branch) {
  await addUser(branch, 'clerk', first);
  const client = clientOf(t, branch);
  const me = await client.login('clerk', first, { newPassword: second });
  return { client, me };
}

/** How many records of the database stand under the user's id. */
async function recordsOf({ database }: Branch, user: UserId): Promise<number> {
  let count = 0;
  for await (const [key] of database.iterate({ gte: new Uint8Array(), lt: Uint8Array.of(0xff) }))
    if (Buffer.from(key).includes(user)) count += 1;
  return count;
}

test(
  'whoever deletes the profile can log in no more, on no device, and is not told from a stranger',
  LIMIT,
  async (t) => {
    const branch = await openBranch(t);
    const { client, me } = await clerkAt(t, branch);
    const other = clientOf(t, branch);
    const { token } = await other.login('clerk', second);
    const ready = nextEvent(other, 'ready');
    other.connect();
    await ready;
    const ended = nextEvent(other, 'signed-out');
    await deletes(client);
    await ended;
    assert.equal(await clientOf(t, branch).resume(token), undefined);
    await assert.rejects(clientOf(t, branch).login('clerk', second), { code: 'wrong-password' });
    await assert.rejects(clientOf(t, branch).login('nobody', second), { code: 'wrong-password' });
    assert.equal(branch.accounts.sessions.list(me.user.id).length, 0);
  },
);

test(
  'nobody finds the user any more; account, vault and devices are erased, and the log says who did it',
  LIMIT,
  async (t) => {
    const branch = await openBranch(t);
    const { client, me } = await clerkAt(t, branch);
    const engineer = clientOf(t, branch);
    await addUser(branch, 'engineer', 'first-engineer');
    await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
    assert.equal((await engineer.findUser(CLERK))?.id, me.user.id);
    assert.ok((await recordsOf(branch, me.user.id)) > 3, 'what is looked for was there');
    await deletes(client);
    assert.equal(await recordsOf(branch, me.user.id), 0);
    const later = clientOf(t, branch);
    await later.login('engineer', 'second-engineer');
    assert.equal(await later.findUser(CLERK), undefined);
    const removed = (await branch.audit.tail(20)).filter(({ code }) => code === 'user-removed');
    assert.deepEqual(
      removed.map(({ actor, fields }) => ({ actor, fields })),
      [{ actor: me.user.id, fields: { user: me.user.id } }],
    );
  },
);

test('a login of more than 15 minutes ago deletes nothing', LIMIT, async (t) => {
  const later = { ...systemClock, now: () => systemClock.now() + 16 * MINUTE };
  const branch = await openBranch(t, {}, { clock: later });
  const { client } = await clerkAt(t, branch);
  await assert.rejects(deletes(client), { code: 'login-again' });
  assert.equal((await clientOf(t, branch).login('clerk', second)).user.address, `clerk@${REALM}`);
});

test('whoever is not logged in deletes nobody', LIMIT, async (t) => {
  const branch = await openBranch(t);
  const { me } = await clerkAt(t, branch);
  const platform = nodePlatform();
  t.after(() => platform.close());
  const answer = await platform.fetch(`${branch.server.url}/api/v1/profile/delete`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    credentials: 'same-origin',
    redirect: 'error',
    signal: AbortSignal.timeout(10_000),
  });
  assert.equal(answer.status, 401);
  assert.equal(branch.components.directory.findById(me.user.id)?.id, me.user.id);
});
