// Fault case 30 over the LAN: whoever asks for what is somebody else's by the raw API gets 404 or 403, the same whether it is there or
// not, and the audit log says so. Groups, mails, key packages, messages; files are in test/faults/fault-29-files.test.ts.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { encodeRoster } from '../../../src/crypto/roster.ts';
import { directConversationId, parseDeviceId, type UserId } from '../../../src/realm/ids.ts';
import { clientOf } from '../../client/engine/people.ts';
import { type Branch, openBranch, REALM } from './branch-fixture.ts';

const LIMIT = { timeout: 60_000 };
const GROUP = '70000000-0000-4000-8000-000000000001';
const CHAT = '60000000-0000-4000-8000-000000000001';
const NOWHERE = '60000000-0000-4000-8000-000000000002';
const ELSEWHERE = parseDeviceId('30000000-0000-4000-8000-000000000077');
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

type Asked = readonly ['GET' | 'POST', string, unknown?];

interface Person {
  readonly id: UserId;
  readonly device: string;
  ask(...asked: Asked): Promise<readonly [number, unknown]>;
}

async function person(t: TestContext, branch: Branch, login: string): Promise<Person> {
  await branch.addUser(login, login, `first-password-of-${login}`);
  const words = { newPassword: `second-password-of-${login}` };
  const { user, token, device } = await clientOf(t, branch).login(login, `first-password-of-${login}`, words);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const platform = nodePlatform();
  t.after(() => platform.close());
  const ask: Person['ask'] = async (method, path, body) => {
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const answer = await platform.fetch(`${branch.server.url}/api/v1${path}`, init);
    return [answer.status, await answer.json()];
  };
  return { id: user.id, device, ask };
}

async function house(t: TestContext) {
  const branch = await openBranch(t);
  const [clerk, engineer, visitor] = [
    await person(t, branch, 'clerk'),
    await person(t, branch, 'engineer'),
    await person(t, branch, 'visitor'),
  ];
  const made = (kind: 'group' | 'direct', members: readonly UserId[], epoch = 0) => {
    const listed = members.map((user) => ({ user, role: 'owner' as const }));
    const roster = text(encodeRoster({ kind, home: REALM, term: 0, members: listed }));
    return { group: GROUP, epoch, commit: text(new Uint8Array(9)), groupInfo: text(new Uint8Array(5)), roster };
  };
  const direct = directConversationId(clerk.id, engineer.id);
  const both = [clerk.id, engineer.id];
  assert.deepEqual(await clerk.ask('POST', `/conversations/${CHAT}/commits`, made('group', both)), [200, { epoch: 1 }]);
  const refusals = async () => (await branch.audit.tail(500)).filter(({ code }) => code === 'access-refused').length;
  return { branch, clerk, engineer, visitor, made, direct, both, refusals };
}

test('what is somebody else’s', LIMIT, async (t) => {
  const { clerk, engineer, visitor, made, direct, both, refusals } = await house(t);

  await t.test('a group: nothing of it is read or changed, there or not, and it is written down', LIMIT, async () => {
    const start = await refusals();
    const info = { group: GROUP, epoch: 1, groupInfo: text(new Uint8Array(3)) };
    const asks = (chat: string): Asked[] => [
      ['GET', `/conversations/${chat}/commits?group=${GROUP}`],
      ['GET', `/conversations/${chat}/group?group=${GROUP}`],
      ['GET', `/conversations/${chat}/members`],
      ['GET', `/conversations/${chat}/intents`],
      ['GET', `/conversations/${chat}/events`],
      ['POST', `/conversations/${chat}/clear`, {}],
      ['POST', `/conversations/${chat}/group`, info],
    ];
    const there = [];
    for (const asked of asks(CHAT)) there.push(await visitor.ask(...asked));
    assert.equal(await refusals(), start + there.length);
    const nowhere = [];
    for (const asked of asks(NOWHERE)) nowhere.push(await visitor.ask(...asked));
    assert.deepEqual(there, nowhere);
    for (const [status] of there) assert.ok(status === 404 || status === 403, String(status));
    const [status] = await visitor.ask('POST', `/conversations/${CHAT}/commits`, made('group', [visitor.id], 1));
    assert.equal(status, 403);
  });

  await t.test(
    'who talks with whom: the conversation of two others answers alike before and after it begins',
    LIMIT,
    async () => {
      const own = made('direct', [visitor.id, clerk.id]);
      const probe = async () => [
        await visitor.ask('POST', `/conversations/${direct}/commits`, own),
        await visitor.ask('GET', `/conversations/${direct}/intents`),
        await visitor.ask('GET', `/conversations/${direct}/members`),
        await visitor.ask('GET', `/conversations/${direct}/commits`),
        await visitor.ask('GET', `/conversations/${direct}/group?with=${clerk.id}`),
      ];
      const before = await probe();
      const first = { ...made('direct', both), group: GROUP.replace('7', '5') };
      assert.deepEqual(await clerk.ask('POST', `/conversations/${direct}/commits`, first), [200, { epoch: 1 }]);
      assert.deepEqual(await probe(), before);
      // Of one's own it is no refusal: a welcome may be here before what the server knows of its group.
      const start = await refusals();
      const early = `/conversations/${direct}/group?with=${clerk.id}&group=${GROUP}&epoch=1`;
      assert.deepEqual(await engineer.ask('GET', early), [200, { groups: [] }]);
      assert.equal(await refusals(), start);
    },
  );

  await t.test(
    'mails and key packages are those of the session’s own device, whatever a request names',
    LIMIT,
    async () => {
      const to = [{ user: engineer.id, device: engineer.device, body: text(new Uint8Array(4)) }];
      assert.deepEqual(await clerk.ask('POST', '/mails', { id: 'one', to }), [200, { refused: [] }]);
      const [, held] = await engineer.ask('GET', '/mails');
      const mails: unknown = Object(held).mails;
      assert.ok(Array.isArray(mails) && mails.length >= 1);
      const acks = mails.map(({ id, at }) => ({ id, at }));
      assert.equal((await visitor.ask('POST', '/mails/ack', { mails: acks }))[0], 200);
      assert.deepEqual(await engineer.ask('GET', '/mails'), [200, held]);
      for (const extra of [{ device: engineer.device }, { user: engineer.id }]) {
        const forged = { packages: [text(new Uint8Array(9))], ...extra };
        assert.equal((await visitor.ask('POST', '/key-packages', forged))[0], 400);
        assert.equal((await visitor.ask('POST', '/mails', { id: 'two', to, ...extra }))[0], 400);
      }
      const unknown = parseDeviceId(ELSEWHERE);
      const [status] = await visitor.ask('POST', `/users/${unknown}/key-packages/claim`, {});
      assert.equal(status, 404);
    },
  );

  await t.test(
    'forms are strict: paths, huge numbers and long lists are refused before anything is done',
    LIMIT,
    async () => {
      const body = made('group', both);
      const codes = [
        await clerk.ask('POST', `/conversations/${NOWHERE}/commits`, { ...body, epoch: 2 ** 60 }),
        await clerk.ask('POST', `/conversations/${NOWHERE}/commits`, { ...body, epoch: -1 }),
        await clerk.ask('POST', `/conversations/..%2f..%2fetc/commits`, body),
        await clerk.ask('GET', `/conversations/${CHAT}/commits?after=99999999999999999999`),
        await clerk.ask('GET', `/users/..%2f${clerk.id}/keys`),
        await clerk.ask('POST', '/mails', { id: 'x'.repeat(65), to: [] }),
        await clerk.ask('POST', '/mails/ack', { mails: Array.from({ length: 1001 }, () => ({ id: GROUP, at: 1 })) }),
        await clerk.ask('POST', '/key-packages', { packages: Array.from({ length: 101 }, () => 'AA') }),
      ];
      for (const [status, told] of codes) assert.ok(status === 400 || status === 413, JSON.stringify(told));
    },
  );

  await t.test('a message of others is unknown, may not be taken back, and asking is written down', LIMIT, async () => {
    const before = await refusals();
    for (const [method, path] of [
      ['GET', `/messages/${GROUP}`],
      ['GET', `/messages/${GROUP}/route`],
      ['POST', `/messages/${GROUP}/erase`],
    ] as const) {
      assert.equal((await visitor.ask(method, path, method === 'POST' ? {} : undefined))[0], 404, path);
    }
    assert.equal(await refusals(), before + 3);
  });
});
