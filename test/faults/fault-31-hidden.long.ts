// Fault case 31: nobody finds a hidden person, in the own branch or in another, by the login, a search or the id; those who share a
// conversation go on, and so does whoever the hidden person writes to. Real nodes and relays of two branches.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { registerUser } from '../../cli/register-user.ts';
import { UserClient } from '../../node/admin/user-api.ts';
import { type Client, createClient, type Me, type User } from '../../src/client/client.ts';
import { usersAnswer } from '../../src/protocols/lan/routes.ts';
import { nextEvent } from '../client/waiting.ts';
import { type Branch, startTwoBranches, type TwoBranches } from './two-branches.ts';
import { until } from './until.ts';

const LIMIT = { timeout: 300_000 };
const PATIENCE = 30_000;
/** WebP, 144 by 144, without its pixels. */
const PHOTO = Buffer.from('UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAjwAAjwAA', 'base64');

const NOWHERE = [0, 0, 0, 0];
const EVERYWHERE = [1, 1, 1, 1];

interface Person {
  readonly branch: Branch;
  readonly client: Client;
  readonly me: Me;
}

async function admit(branch: Branch, login: string): Promise<Person> {
  const first = `first of ${login}`;
  await registerUser(branch.admin, { login, name: `The ${login}`, password: first });
  const client = createClient({ server: branch.url, ...nodePlatform(), session: 'bearer' });
  const me = await client.login(login, first, { newPassword: `second of ${login}` });
  client.connect();
  return { branch, client, me };
}

describe('a hidden person', LIMIT, () => {
  let both: TwoBranches;
  /** Who is hidden, and two who know her before. */
  let boss: Person;
  let friend: Person;
  let pal: Person;
  /** Who have never met her. */
  let clerk: Person;
  let engineer: Person;
  let stranger: User;

  before(async () => {
    both = await startTwoBranches(AbortSignal.timeout(120_000));
    boss = await admit(both.kyiv, 'boss');
    friend = await admit(both.kyiv, 'friend');
    pal = await admit(both.lviv, 'pal');
    clerk = await admit(both.kyiv, 'cook');
    engineer = await admit(both.lviv, 'driver');
    stranger = boss.me.user;
    await until('Lviv knows the boss', async () => (await pal.client.findUser(address())) !== undefined, PATIENCE);
    for (const { client } of [friend, pal]) {
      const came = nextEvent(boss.client, 'message');
      await client.send({ to: address(), text: 'before' });
      await came;
    }
    await new UserClient(both.kyiv.admin).setPhoto('boss', PHOTO);
    await hide(true);
  }, LIMIT);
  after(async () => {
    for (const one of [boss, friend, pal, clerk, engineer]) one?.client.disconnect();
    await both?.stop();
  }, LIMIT);

  const address = (): string => boss.me.user.address;

  /** Until both branches have it. */
  async function hide(hidden: boolean): Promise<void> {
    await new UserClient(both.kyiv.admin).setHidden('boss', hidden);
    for (const { admin } of [both.kyiv, both.lviv]) {
      const told = async () => (await admin.directory()).some((one) => one.id === stranger.id && one.hidden === hidden);
      await until(`${hidden} is known`, told, PATIENCE);
    }
  }

  /** What the LAN side answers, without the id that was asked for. */
  async function ask({ branch, me }: Person, method: 'GET' | 'POST', path: string, body?: object) {
    const headers = { authorization: `Bearer ${me.token}`, ...(body && { 'content-type': 'application/json' }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const { status, json } = await answerOf(`${branch.url}/api/v1${path}`, init);
    return { status, json };
  }

  async function answerOf(url: string, init: Parameters<ReturnType<typeof nodePlatform>['fetch']>[1]) {
    const answer = await nodePlatform().fetch(url, init);
    return { status: answer.status, json: await answer.json() };
  }

  const questions = (id: string): readonly ['GET' | 'POST', string, object?][] => [
    ['GET', `/users?id=${id}`],
    ['GET', `/users/${id}/keys`],
    ['GET', `/users/${id}/photo`],
    ['POST', `/users/${id}/key-packages/claim`, {}],
    ['POST', `/users/${id}/block`, {}],
    ['POST', '/mails', { id: randomUUID(), to: [{ user: id, device: randomUUID(), body: 'AAAA' }] }],
  ];

  async function answers(person: Person, id: string) {
    const told: { status: number; json: string }[] = [];
    for (const [method, path, body] of questions(id)) {
      const { status, json } = await ask(person, method, path, body);
      told.push({ status, json: JSON.stringify(json).replaceAll(id, 'ID') });
    }
    return told;
  }

  /** By each of the ways to look for her; a client would remember whom it has seen. */
  async function finds(person: Person): Promise<number[]> {
    const ways = [`address=${address()}`, 'prefix=bos', 'prefix=b', `id=${stranger.id}`];
    const found = await Promise.all(ways.map((way) => ask(person, 'GET', `/users?${way}`)));
    return found.map(({ json }) => v.parse(usersAnswer, json).users.filter(({ id }) => id === stranger.id).length);
  }

  /** Nobody has that one: as many random bytes behind the name of the house. */
  const madeUp = (): string => `${stranger.id.slice(0, -12)}${randomUUID().slice(-12)}`;

  /** The states of her that come to a client which looks at her, up to those of somebody whom it may see. */
  async function seen({ client }: Person, other: Person): Promise<string[]> {
    const told: string[] = [];
    const stop = client.on('presence', ({ user, state }) => user.id === stranger.id && told.push(state));
    const shown = nextEvent(
      client,
      'presence',
      ({ user, state }) => user.id === other.me.user.id && state === 'online',
    );
    client.watch([stranger, other.me.user]);
    await shown;
    stop();
    client.watch([]);
    return told;
  }

  test('is nobody to strangers of the own branch and of the other', LIMIT, async () => {
    for (const person of [clerk, engineer]) {
      assert.deepEqual(await finds(person), NOWHERE);
      const told = await answers(person, stranger.id);
      assert.deepEqual(told, await answers(person, madeUp()));
      assert.deepEqual(
        told.map(({ status }) => status),
        [200, 200, 200, 404, 404, 404],
      );
    }
  });

  test('shows strangers no presence', LIMIT, async () => {
    assert.deepEqual(await seen(clerk, friend), []);
    assert.deepEqual(await seen(engineer, friend), []);
  });

  test('is there as ever for those who share a conversation, and hears them', LIMIT, async () => {
    for (const person of [friend, pal]) {
      const { client } = person;
      assert.deepEqual(await finds(person), EVERYWHERE);
      const [user] = await client.searchUsers('bos');
      assert.ok(user?.photo, 'with the photo');
      assert.deepEqual(await client.account?.photoOf(user), new Uint8Array(PHOTO));
      assert.equal((await client.contacts.identityOf(stranger.id)).devices, 1);
      const online = nextEvent(
        client,
        'presence',
        ({ user: { id }, state }) => id === stranger.id && state === 'online',
      );
      client.watch([user]);
      await online;
      const asked = nextEvent(boss.client, 'message', ({ text }) => text === 'are you there');
      await client.send({ to: user, text: 'are you there' });
      const answered = nextEvent(client, 'message', ({ text }) => text === 'as ever');
      await boss.client.send({ to: (await asked).from, text: 'as ever' });
      assert.equal((await answered).from.name, 'The boss');
    }
  });

  test('is hidden still when the node has started again', LIMIT, async () => {
    await both.kyiv.crash('node');
    await both.kyiv.uplink();
    const [listed] = (await both.kyiv.admin.users()).filter(({ id }) => id === stranger.id);
    assert.equal(listed?.hidden, true);
    assert.deepEqual(await finds(clerk), NOWHERE);
    assert.deepEqual(await finds(friend), EVERYWHERE);
  });

  test('finds everybody, and is known from then on to whom she writes', LIMIT, async () => {
    for (const person of [clerk, engineer]) {
      const came = nextEvent(person.client, 'message', ({ text }) => text === 'good day');
      const found = await boss.client.findUser(person.me.user.address);
      assert.ok(found);
      await boss.client.send({ to: found, text: 'good day' });
      const { from } = await came;
      assert.equal(from.address, address());
      const answered = nextEvent(boss.client, 'message', ({ text }) => text === 'and to you');
      await person.client.send({ to: from, text: 'and to you' });
      await answered;
      assert.deepEqual(await finds(person), EVERYWHERE);
      assert.equal((await person.client.contacts.identityOf(stranger.id)).devices, 1);
    }
  });

  test('is found by everybody once shown again', LIMIT, async () => {
    const late = await admit(both.lviv, 'late');
    assert.deepEqual(await finds(late), NOWHERE);
    await hide(false);
    assert.deepEqual(await finds(late), EVERYWHERE);
    late.client.disconnect();
  });
});
