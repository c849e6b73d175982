// Policies for messages: how long they are kept, how large they may be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageLimits } from '../../../node/conversations/message-rules.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { under } from '../../../src/store/keys.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, COOK, DEVICE, KYIV, message, messageId, startBranch } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

const LIMIT = { timeout: 30_000 };
const DAY = 24 * 3600_000;
const FROM = { user: CLERK, device: DEVICE };

test('messages go when the policy keeps them no longer, once each, also over a restart', LIMIT, async (t) => {
  const database = await openDatabase(await temporaryFolder(t));
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const limits: () => MessageLimits = () => ({ retention: 30 * DAY });
  const open = () => startBranch({ realm: KYIV, database, network: new SimulatedNetwork(), clock, limits });
  let branch = await open();
  t.after(() => branch.stop().then(() => database.close()));
  const write = (n: number) => branch.conversations.submit(FROM, message(n, `text ${n}`, [CLERK, COOK]));
  const ids = async () => {
    const { messages } = await branch.conversations.history(COOK, message(1, '', [CLERK, COOK]).conversation, {
      limit: 50,
    });
    return messages.map(({ envelope }) => envelope.id);
  };
  for (let n = 1; n <= 3; n++) await write(n);
  clock.advance(20 * DAY);
  for (let n = 4; n <= 5; n++) await write(n);
  await branch.conversations.removeOld(clock.now() - 30 * DAY);
  assert.equal((await ids()).length, 5);
  clock.advance(11 * DAY);
  await branch.conversations.removeOld(clock.now() - 30 * DAY);
  assert.deepEqual(await ids(), [messageId(5), messageId(4)]);
  await branch.stop();
  branch = await open();
  clock.advance(20 * DAY);
  await branch.conversations.removeOld(clock.now() - 30 * DAY);
  assert.deepEqual(await ids(), []);
  await write(6);
  await branch.conversations.removeOld(clock.now() - 30 * DAY);
  assert.deepEqual(await ids(), [messageId(6)]);
  for await (const [, value] of database.iterate(under('conv')))
    assert.ok(!Buffer.from(value).includes('text 4'), 'its body is gone');
});

test('a message of more than the policy allows is refused, a smaller one is not', LIMIT, async (t) => {
  const database = await openDatabase(await temporaryFolder(t));
  const branch = await startBranch({
    realm: KYIV,
    database,
    network: new SimulatedNetwork(),
    limits: () => ({ size: 1024 }),
  });
  t.after(() => branch.stop().then(() => database.close()));
  await assert.rejects(branch.conversations.submit(FROM, message(1, 'x'.repeat(1025), [CLERK, COOK])), {
    code: 'body-too-long',
  });
  await branch.conversations.submit(FROM, message(1, 'x'.repeat(1024), [CLERK, COOK]));
});
