// What people write, name and send is in nothing that a server is told or keeps: neither in what their clients send nor in any file or
// database of the nodes and relays.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { registerUser } from '../../cli/register-user.ts';
import { type Client, type ClientInit, createClient } from '../../src/client/client.ts';
import { nextEvent } from '../client/waiting.ts';
import { Tree, type WholeRealm } from '../faults/whole-realm.ts';
import { holds, marksBelow } from './search-marks.ts';

const LIMIT = { timeout: 180_000 };
const DELIVERY = 60_000;
const mark = (what: string) => `MARK-${what}-${randomUUID()}`;

/** Everything that clients send. */
class Overheard {
  readonly said: Buffer[] = [];

  platform(t: TestContext): Pick<ClientInit, 'fetch' | 'openSocket'> {
    const platform = nodePlatform();
    t.after(() => platform.close());
    return {
      fetch: (url, init) => {
        this.said.push(Buffer.from(url), Buffer.from(JSON.stringify(init.headers)), Buffer.from(init.body ?? ''));
        return platform.fetch(url, init);
      },
      openSocket: (url, protocol, headers) => {
        const socket = platform.openSocket(url, protocol, headers);
        const send = socket.send.bind(socket);
        socket.send = (data) => {
          this.said.push(Buffer.from(data));
          send(data);
        };
        return socket;
      },
    };
  }

  hears(text: string): boolean {
    return this.said.some((bytes) => holds(bytes, text));
  }
}

async function enter(
  t: TestContext,
  realm: WholeRealm,
  login: string,
  passwords: readonly [string, string],
  heard: Overheard,
) {
  const name = mark('person');
  await registerUser(realm.admin, { login, name, password: passwords[0] });
  const client = createClient({ server: realm.url, ...heard.platform(t) });
  t.after(() => client.disconnect());
  await client.login(`${login}@${realm.realm}`, passwords[0], { newPassword: passwords[1] });
  const ready = nextEvent(client, 'ready');
  client.connect();
  await ready;
  return { client, name, address: `${login}@${realm.realm}` };
}

async function comes(client: Client, text: string, act: () => Promise<unknown>): Promise<void> {
  const come = new Set<string | undefined>();
  const stop = client.on('message', (message) => come.add(message.text));
  await act();
  for (const end = Date.now() + DELIVERY; !come.has(text); await pause(50)) {
    assert.ok(Date.now() < end, `${text} does not come`);
  }
  stop();
}

async function known(client: Client, address: string) {
  for (const end = Date.now() + DELIVERY; ; await pause(100)) {
    const user = await client.findUser(address);
    if (user) return user;
    assert.ok(Date.now() < end, `${address} is not known`);
  }
}

async function upload(client: Client, name: string, content: Uint8Array) {
  const { files } = client;
  assert.ok(files);
  const read = async (from: number, length: number) => content.slice(from, from + length);
  return files.upload({ name, size: content.length, type: 'text/plain', mark: name, read });
}

test(
  'servers are told and keep nothing of what people write, and the same search finds what is in clear',
  LIMIT,
  async (t) => {
    const [heard, tree] = [new Overheard(), await Tree.plant()];
    t.after(() => tree.fell());
    await tree.grow(['ua', 'region'], ['kyiv.ua', 'branch'], ['lviv.ua', 'branch']);
    const [first, second, text, edited, groupName, groupText, fileName, fileText, emoji, draft, other] = [
      'first-password',
      'password',
      'text',
      'edit',
      'group-name',
      'group-text',
      'file-name',
      'file-text',
      'emoji',
      'draft',
      'other-password',
    ].map(mark) as [string, string, string, string, string, string, string, string, string, string, string];
    const clerk = await enter(t, tree.at('kyiv.ua'), 'clerk', [first, second], heard);
    const engineer = await enter(t, tree.at('lviv.ua'), 'engineer', [`${first}-2`, other], heard);
    const user = await known(clerk.client, engineer.address);
    await comes(engineer.client, text, () => clerk.client.send({ to: user, text }));
    const conversation = clerk.client.conversationWith(user);
    const target = await clerk.client.act(conversation, { kind: 'text', text: `${text} again` });
    await clerk.client.act(conversation, { kind: 'edit', target, text: edited });
    await clerk.client.act(conversation, { kind: 'reaction', target, emoji: emoji.slice(0, 64), on: true });
    const file = await upload(clerk.client, fileName, Buffer.from(fileText.repeat(100)));
    await clerk.client.act(conversation, { kind: 'file', file });
    const group = await clerk.client.groups.create({ name: groupName, members: [user.id] });
    await comes(engineer.client, groupText, () => clerk.client.act(group, { kind: 'text', text: groupText }));
    await clerk.client.account?.vault.put('draft', conversation, Buffer.from(draft));
    await clerk.client.account?.vault.flush();
    for (const { client } of [clerk, engineer]) await client.drained();

    const secret = [
      first,
      second,
      text,
      edited,
      groupName,
      groupText,
      fileName,
      fileText,
      emoji.slice(0, 64),
      draft,
      other,
    ];
    for (const one of secret) assert.ok(!heard.hears(one), `a client sent ${one} in clear`);
    assert.ok(heard.hears(clerk.address), 'the search finds a login, which is sent in clear');

    for (const client of [clerk.client, engineer.client]) client.disconnect();
    for (const realm of tree.realms.values()) await realm.stop();
    const found = await marksBelow(tree.folder, [...secret, clerk.name, engineer.name]);
    for (const one of secret) assert.deepEqual(found.get(one), [], one);
    for (const { name } of [clerk, engineer]) {
      const places = found.get(name) ?? [];
      for (const realm of ['kyiv', 'lviv']) {
        assert.ok(
          places.some((place) => place.startsWith(`rows of ${realm}/`)),
          `the search finds a person's name in ${realm}: ${places}`,
        );
      }
    }
  },
);
