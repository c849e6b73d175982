// Fault case 19 with a whole node: a byte of its database changes while it is off, in the log or in a table. It serves nothing that is wrong,
// says what is damaged and what to do, and a copy from before brings it back.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { EventStore } from '../../node/conversations/event-store.ts';
import type { Client } from '../../src/client/client.ts';
import type { ConversationId } from '../../src/realm/ids.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { openDatabase } from '../../src/store/database.ts';
import { makeLoneRealm } from './lone-realm.ts';
import { Program } from './program.ts';
import { until } from './until.ts';

const LIMIT = { timeout: 240_000 };

/** Milliseconds. */
const PATIENCE = 30_000;

const soon = (what: string, holds: () => Promise<boolean>): Promise<void> => until(what, holds, PATIENCE);

async function filesOf(folder: string, ending: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

/** Changes one bit of what stands in one of the files; resolves with that file and what it held. */
async function damage(paths: readonly string[], needle: Uint8Array): Promise<{ path: string; whole: Uint8Array }> {
  for (const path of paths) {
    const whole = await readFile(path);
    const at = whole.indexOf(needle);
    if (at < 0) continue;
    const bytes = Uint8Array.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    await writeFile(path, bytes);
    return { path, whole };
  }
  return assert.fail('it stands in no file');
}

/** Some bytes of the body of an early message: ciphertext, which stands in the files as it is. */
async function partOfBody(db: string): Promise<Uint8Array> {
  const database = await openDatabase(db);
  try {
    const events = await new EventStore(database).eventsAfter({ incarnation: 0, n: 0 }, 1000);
    const bodies = events.flatMap(({ record }) => (record.kind === 'message' ? [record.encoded.envelope.body] : []));
    return bodies[3]?.slice(40, 56) ?? assert.fail('no message');
  } finally {
    await database.close();
  }
}

async function storeOf(port: number): Promise<unknown> {
  const asked = get({ host: '127.0.0.1', port, path: '/readyz', headers: { host: `ua.localhost:${port}` } });
  const [answer] = await once(asked, 'response');
  const body: unknown = await json(answer);
  assert.ok(typeof body === 'object' && body && 'checks' in body && Array.isArray(body.checks));
  return body.checks.find((check: { name: string }) => check.name === 'store');
}

async function textsOf(client: Client, conversation: ConversationId): Promise<string[]> {
  const { messages } = await client.history(conversation, { limit: 100 });
  return messages.flatMap(({ text }) => (text === undefined ? [] : [text]));
}

test('fault 19: a node with a damaged database serves nothing wrong and says what to do', LIMIT, async (t) => {
  const realm = await makeLoneRealm();
  const { folder } = dataDirectory(realm.dir).node;
  const db = join(folder, 'db');
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
  const them = engineer.client.me?.user ?? assert.fail();
  const conversation = clerk.client.conversationWith(them);
  const sent = Array.from({ length: 40 }, (_, n) => `message ${n}`);
  for (const text of sent) await clerk.client.send({ to: engineer.address, text });
  await soon('all of it came', async () => (await textsOf(engineer.client, conversation)).length === sent.length);
  await node.stop();
  await cp(folder, `${folder}.copy`, { recursive: true, preserveTimestamps: true });
  // Reading moves what is in the log, so it is done in a copy.
  await cp(db, `${folder}.read`, { recursive: true });
  const needle = await partOfBody(`${folder}.read`);

  await damage(await filesOf(db, '.log'), needle);
  await assert.rejects(Program.start({ role: 'node', dir: realm.dir }), (error: Error) => {
    assert.match(error.message, /store-damaged/);
    assert.match(error.message, /restore the latest backup\. Without one, run: node src\/store\/repair\.ts/);
    return true;
  });

  await rm(folder, { recursive: true });
  await cp(`${folder}.copy`, folder, { recursive: true, preserveTimestamps: true });
  // Opening and closing moves the log into a table, whose blocks nobody looks at before they are read.
  await (await Program.start({ role: 'node', dir: realm.dir })).stop();
  const { path, whole } = await damage(await filesOf(db, '.ldb'), needle);
  node = await Program.start({ role: 'node', dir: realm.dir });
  await soon('whoever asks for the history hears that it is damaged', async () => {
    await assert.rejects(textsOf(engineer.client, conversation), { code: 'store-damaged' });
    return true;
  });
  assert.deepEqual(await storeOf(realm.lanPort), { name: 'store', ok: false, detail: 'store-damaged' });
  const [told] = node.events('database damaged');
  assert.match(String(told?.['hint']), /restore the latest backup/);

  await node.stop();
  await writeFile(path, whole);
  node = await Program.start({ role: 'node', dir: realm.dir });
  await soon('nothing is lost', async () => {
    assert.deepEqual((await textsOf(engineer.client, conversation)).slice(0, sent.length), sent);
    return true;
  });
});
