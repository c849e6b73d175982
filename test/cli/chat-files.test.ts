// Files of the terminal's chat between two people of one realm: sent, fetched, sent on without a second upload.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChatFiles } from '../../cli/chat/chat-files.ts';
import { FileClient } from '../../node/admin/file-api.ts';
import type { Client, Message } from '../../src/client/client.ts';
import { Tree } from '../faults/whole-realm.ts';

const LIMIT = { timeout: 60_000 };
const NEVER = new AbortController().signal;

function nextWithFile(client: Client): Promise<Message> {
  return new Promise((resolve) => {
    const stop = client.on('message', (message) => {
      if (message.mine || !message.file) return;
      stop();
      resolve(message);
    });
  });
}

test('a file is sent sealed, fetched whole, and sent on without a second upload', LIMIT, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-chat-'));
  const tree = await Tree.plant();
  t.after(async () => {
    await tree.fell();
    await rm(folder, { recursive: true, force: true });
  });
  await tree.grow(['ua', 'region']);
  const realm = tree.at('ua');
  const [clerk, cook] = [await realm.person('clerk'), await realm.person('cook')];
  t.after(() => {
    clerk.disconnect();
    cook.disconnect();
  });
  const content = Buffer.alloc(700_000, 'minutes of the meeting ');
  const path = join(folder, 'minutes.txt');
  await writeFile(path, content);
  const [sending, fetching] = [new ChatFiles(clerk), new ChatFiles(cook)];
  const arriving = nextWithFile(cook);
  let done = 0;
  await sending.send({ to: 'cook@ua', path, text: 'read this' }, NEVER, (now) => {
    done = now.done / now.total;
  });
  assert.equal(done, 1);
  const message = await arriving;
  fetching.meet(message);
  assert.deepEqual([message.text, message.file?.name, message.file?.type], ['read this', 'minutes.txt', 'text/plain']);
  for (const name of ['minutes.txt', 'minutes (2).txt']) {
    const folderOfCook = join(folder, 'cook');
    await mkdir(folderOfCook, { recursive: true });
    const saved = await fetching.save(message.id, folderOfCook, NEVER, () => {});
    assert.equal(saved, join(folderOfCook, name));
    assert.deepEqual(await readFile(saved), content);
  }
  const before = (await new FileClient(realm.admin).usage()).all;
  const back = nextWithFile(clerk);
  assert.ok(message.file);
  await cook.send({ to: 'clerk@ua', text: '', file: message.file });
  assert.equal((await back).file?.blob, message.file.blob);
  assert.deepEqual((await new FileClient(realm.admin).usage()).all, before);
});
