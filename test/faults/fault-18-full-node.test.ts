// Fault case 18 for a whole node: its data lies on a file system of its own, which is filled up while people write. Who writes is told, who
// reads reads on, /readyz says so, and with room again what waited goes out. Nothing that was acknowledged is lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../src/client/client.ts';
import type { MessageId } from '../../src/realm/ids.ts';
import { makeLoneRealm } from './lone-realm.ts';
import { Program } from './program.ts';

const LIMIT = { timeout: 150_000 };
/** Of the file system, in MiB: the database of a fresh node and a little more. */
const ROOM = 40;
const isRoot = process.getuid?.() === 0;
const mayMount = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0;
const skip = mayMount ? false : 'needs root and mount namespaces (unshare)';
/** The node sees its folder on a file system of its own, with what lay in the folder before. */
const SCRIPT = [
  `mount -t tmpfs -o size=${ROOM}m none "$0/small"`,
  'cp -a "$0/ua/node/." "$0/small/"',
  'mount --bind "$0/small" "$0/ua/node"',
  'exec "$@"',
].join(' && ');

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await pause(100);
  }
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(new Uint8Array(4096));
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  } finally {
    await file.close();
  }
}

async function storeOf(port: number): Promise<{ ok: boolean; detail?: string }> {
  const asked = get({ host: '127.0.0.1', port, path: '/readyz', headers: { host: `ua.localhost:${port}` } });
  const [answer] = await once(asked, 'response');
  const body: unknown = await json(answer);
  assert.ok(typeof body === 'object' && body && 'checks' in body && Array.isArray(body.checks));
  return body.checks.find((check: { name: string }) => check.name === 'store');
}

async function idsOf(client: Client, conversation: Parameters<Client['timeline']>[0]): Promise<MessageId[]> {
  const timeline = await client.timeline(conversation);
  while (await timeline.older());
  const ids = timeline.view().items.flatMap((item) => (item.kind === 'message' ? [item.id] : []));
  timeline.close();
  return ids;
}

test('fault 18: a node whose disk is full refuses by name, reads on, and recovers', { ...LIMIT, skip }, async (t) => {
  const realm = await makeLoneRealm();
  await mkdir(join(realm.folder, 'small'));
  const under = ['unshare', '-m', 'sh', '-c', SCRIPT, realm.folder];
  const node = await Program.start({ role: 'node', dir: realm.dir, under });
  const [clerk, engineer] = await realm.people();
  t.after(async () => {
    for (const { client } of [clerk, engineer]) client.disconnect();
    await node.stop();
    await realm.remove();
  });
  for (const { client } of [clerk, engineer]) client.connect();
  const told: string[] = [];
  clerk.client.on('error', ({ code }) => told.push(code));
  const sent: MessageId[] = [];
  const send = async (text: string): Promise<void> => {
    const { id, conversation: where } = await clerk.client.send({ to: engineer.address, text });
    sent.push(id);
    conversation = where;
  };
  let conversation: Parameters<Client['timeline']>[0] | undefined;
  for (let n = 0; n < 10; n++) await send(`before ${n}`);
  const shown = async (): Promise<MessageId[]> => (conversation ? idsOf(engineer.client, conversation) : []);
  await until('the first are there', async () => (await shown()).length === 10);

  // As the node sees the file system, and nobody else.
  const ballast = join('/proc', String(node.pid), 'root', realm.dir, 'node', 'ballast');
  await fill(ballast);
  for (let n = 0; n < 10; n++) await send(`while it is full ${n}`);
  await until('the writer is told', () => told.includes('disk-full'));
  assert.ok(clerk.client.queued().length > 0, 'it waits');
  const during = await storeOf(realm.lanPort);
  assert.deepEqual([during.ok, during.detail], [false, 'disk-full']);
  assert.ok(conversation);
  const { messages } = await engineer.client.history(conversation, { limit: 50 });
  assert.ok(messages.length >= 10, 'reading goes on');

  await rm(ballast);
  await until('it is ready again', async () => (await storeOf(realm.lanPort)).ok);
  await until('everything is there, by itself', async () => (await shown()).length >= sent.length);
  assert.deepEqual((await shown()).toSorted(), sent.toSorted());
});
