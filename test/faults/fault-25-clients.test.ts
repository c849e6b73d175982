// Fault case 25 with real clients: the node of a realm is put back to a copy of before a day's work: messages, changes of a group, files,
// keys of the vault. Those who were there give back what it lacks, a device that comes afterwards has all of it, and no number, key or
// nonce was used twice.
import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSource } from '../../cli/chat/disk-files.ts';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { LedgerClient } from '../../node/admin/ledger-api.ts';
import { EventStore } from '../../node/conversations/event-store.ts';
import { GroupStore } from '../../node/groups/group-store.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { readSealedHead } from '../../src/crypto/sealed-message.ts';
import type { ConversationId } from '../../src/realm/ids.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { openDatabase } from '../../src/store/database.ts';
import { under } from '../../src/store/keys.ts';
import { type LoneRealm, makeLoneRealm } from './lone-realm.ts';
import { Program } from './program.ts';
import { until } from './until.ts';

const LIMIT = { timeout: 240_000 };
/** Bytes of a file that a device does not keep for the day on which its server forgets it. */
const TOO_LARGE = 17 * 1024 * 1024;

/** Milliseconds. */
const PATIENCE = 45_000;

const soon = (what: string, holds: () => Promise<boolean>): Promise<void> => until(what, holds, PATIENCE);

async function textsOf(client: Client, conversation: ConversationId): Promise<string[]> {
  const timeline = await client.timeline(conversation);
  while (await timeline.older());
  const texts = timeline.view().items.flatMap((item) => ('text' in item && item.text ? [item.text] : []));
  timeline.close();
  return texts.toSorted();
}

/** What a node has on disk: of each commit and of each message what must be there once. */
async function numbersOf(path: string, conversations: readonly ConversationId[]) {
  const database = await openDatabase(path);
  try {
    const events = await new EventStore(database).eventsAfter({ incarnation: 0, n: 0 }, 10_000);
    const bodies = new Map<string, string>();
    for (const { record } of events) {
      if (record.kind !== 'message') continue;
      const { id, sender, device, body } = record.encoded.envelope;
      const { group, epoch, seq } = readSealedHead(body);
      bodies.set(`${sender}/${device}/${group}/${epoch}/${seq}`, `${id} ${Buffer.from(body).toString('hex')}`);
    }
    const commits = new Map<string, string>();
    for (const conversation of conversations) {
      for (const { group } of await new GroupStore(database).states(conversation)) {
        const all = await new GroupStore(database).commits(conversation, group, 0, { count: 1000, bytes: 1e8 });
        for (const { term, epoch, commit } of all)
          commits.set(`${group}/${term}/${epoch}`, Buffer.from(commit).toString('hex'));
      }
    }
    return { bodies, commits, events: events.map(({ cursor }) => `${cursor.incarnation}/${cursor.n}`) };
  } finally {
    await database.close();
  }
}

/** One-time packages that would be given out to whoever asks for a device, and the one of last resort. */
async function packagesOf(path: string): Promise<string[]> {
  const database = await openDatabase(path);
  try {
    const found: string[] = [];
    for (const kind of ['one', 'last']) {
      for await (const [, value] of database.iterate(under('kp', kind))) found.push(Buffer.from(value).toString('hex'));
    }
    return found;
  } finally {
    await database.close();
  }
}

async function uploaded(client: Client, path: string, size: number) {
  const bytes = new Uint8Array(size).map((_, at) => (at * 31) % 251);
  await writeFile(path, bytes);
  const source = await openSource(path);
  const card = await client.files?.upload(source);
  await source.close();
  assert.ok(card);
  return { card, bytes };
}

/** The same name never stands for two things. */
function assertNothingTwice(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  for (const [name, what] of before) assert.equal(after.get(name), what, name);
}

test('fault 25: clients fill up a node that was put back by a day, and nothing is used twice', LIMIT, async (t) => {
  const realm: LoneRealm = await makeLoneRealm();
  const { folder } = dataDirectory(realm.dir).node;
  let node = await Program.start({ role: 'node', dir: realm.dir });
  const clients: Client[] = [];
  t.after(async () => {
    for (const client of clients) client.disconnect();
    await node.stop();
    await realm.remove();
  });
  const [clerk, engineer] = await realm.people();
  clients.push(clerk.client, engineer.client);
  for (const client of clients) client.connect();
  const them = engineer.client.me?.user;
  assert.ok(them && clerk.client.me);
  const direct = clerk.client.conversationWith(them);
  await clerk.client.send({ to: engineer.address, text: 'yesterday' });
  const group = await clerk.client.groups.create({ name: 'old group', members: [them.id] });
  await clerk.client.act(group, { kind: 'text', text: 'old' });
  await soon('yesterday came', async () => (await textsOf(engineer.client, group)).includes('old'));
  await soon('all is sent', async () => clients.every((client) => client.queued().length === 0));

  await node.stop();
  const inTheCopy = await packagesOf(join(folder, 'db'));
  assert.ok(inTheCopy.length > 0);
  await cp(folder, `${folder}.yesterday`, { recursive: true, preserveTimestamps: true });
  node = await Program.start({ role: 'node', dir: realm.dir });
  const again = <T>(work: () => Promise<T>) => soon('the node is back', async () => (await work(), true));
  await again(() => clerk.client.send({ to: engineer.address, text: 'today' }));
  await again(() => clerk.client.groups.setRole(group, them.id, 'administrator'));
  for (let n = 0; n < 5; n++) await engineer.client.act(group, { kind: 'text', text: `today ${n}` });
  const fresh = await clerk.client.groups.create({ name: 'new group', members: [them.id] });
  await engineer.client.send({ to: clerk.address, text: 'the last of today' });
  const small = await uploaded(clerk.client, join(realm.folder, 'small'), 3 * 256 * 1024 + 5);
  const large = await uploaded(clerk.client, join(realm.folder, 'large'), TOO_LARGE);
  await clerk.client.act(fresh, { kind: 'file', text: 'a small file', file: small.card });
  await clerk.client.act(fresh, { kind: 'file', text: 'a large file', file: large.card });
  await clerk.client.act(fresh, { kind: 'text', text: 'in the new one' });
  await soon('everybody has it', async () => (await textsOf(engineer.client, fresh)).includes('in the new one'));
  await soon('all of today is there', async () => (await textsOf(clerk.client, group)).includes('today 4'));
  await soon('all is sent', async () => clients.every((client) => client.queued().length === 0));

  await node.stop();
  const conversations = [direct, group, fresh];
  const before = await numbersOf(join(folder, 'db'), conversations);
  await rm(folder, { recursive: true });
  await cp(`${folder}.yesterday`, folder, { recursive: true, preserveTimestamps: true });
  node = await Program.start({ role: 'node', dir: realm.dir });
  const told: string[] = [];
  clerk.client.on('error', ({ code, params }) => code === 'file-lost' && told.push(String(params['name'])));
  const ledger = new LedgerClient(new AdminClient(dataDirectory(realm.dir).socket.node));
  await soon('the node asks for a word', async () => (await ledger.incarnation()).withheld === 'restored');
  await ledger.confirmIncarnation();
  await soon('the node writes', async () => (await ledger.incarnation()).withheld === undefined);

  await soon('what people write now arrives', async () => {
    await clerk.client.act(group, { kind: 'text', text: 'tomorrow' });
    return true;
  });
  await soon('both have it', async () => (await textsOf(engineer.client, group)).includes('tomorrow'));
  const late = createClient({ server: `http://ua.localhost:${realm.lanPort}`, ...nodePlatform() });
  clients.push(late);
  await late.login('engineer', 'second of engineer');
  late.connect();
  for (const conversation of conversations) {
    const expected = await textsOf(engineer.client, conversation);
    await soon('a device that comes now has all of it', async () => {
      assert.deepEqual(await textsOf(late, conversation), expected);
      return true;
    });
  }
  assert.ok(
    (await textsOf(late, group)).includes('today 4') && (await textsOf(late, direct)).includes('the last of today'),
  );
  assert.equal(late.counters()['unable-to-decrypt'], 0);

  // By the messages that were given back, from the device that sent it; of the other it knows that it is gone.
  await soon('the file is there again', async () => {
    assert.deepEqual(await late.files?.part(small.card, 0, small.bytes.length), small.bytes);
    return true;
  });
  await soon('its sender hears of the one that nobody has', async () => told.includes(large.card.name));
  assert.deepEqual(told, ['large']);

  await node.stop();
  const after = await numbersOf(join(folder, 'db'), conversations);
  const laidOut = await packagesOf(join(folder, 'db'));
  // Any of the copy's may have been used since the copy was made.
  assert.deepEqual(
    laidOut.filter((one) => inTheCopy.includes(one)),
    [],
  );
  assert.ok(laidOut.length > 0);
  assertNothingTwice(before.bodies, after.bodies);
  assertNothingTwice(before.commits, after.commits);
  assert.equal(new Set(after.events).size, after.events.length);
  assert.equal(new Set(after.bodies.values()).size, after.bodies.size);
  t.diagnostic(
    `${after.bodies.size} messages and ${after.commits.size} commits, ${before.bodies.size} and ${before.commits.size} before`,
  );
});
