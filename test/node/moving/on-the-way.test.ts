// What is on its way to a user while the user moves from one branch to another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { under } from '../../../src/store/keys.ts';
import { author, CONVERSATION, change, epochAt, GROUP, groupMessage, never } from '../groups/group-world.ts';
import {
  CLERK,
  COOK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  message,
  messageId,
  ODESA,
  PORTER,
  receivedBy,
  until,
} from '../simulated-branch.ts';
import { threeBranches } from './moving-world.ts';

const LIMIT = { timeout: 30_000 };
const FROM = { user: CLERK, device: DEVICE };

function failures({ announced }: Awaited<ReturnType<Awaited<ReturnType<typeof threeBranches>>['start']>>): string[] {
  return announced.flatMap(({ event }) =>
    event.kind === 'state' && event.receipt.state === 'failed' ? [event.receipt.code ?? ''] : [],
  );
}

test('a message that waited for the old home arrives at the new one', LIMIT, async (t) => {
  const { start, hearing } = await threeBranches(t);
  const kyiv = await start(KYIV);
  await kyiv.conversations.submit(FROM, message(1));
  for (const realm of [KYIV, LVIV, ODESA]) hearing(realm).hears(ENGINEER, ODESA);
  await start(LVIV);
  const odesa = await start(ODESA);
  await until(() => receivedBy(odesa, ENGINEER).length > 0);
  assert.deepEqual(receivedBy(odesa, ENGINEER), [messageId(1)]);
  assert.deepEqual(failures(kyiv), []);
  await until(() => kyiv.outbox.depth(LVIV) + kyiv.outbox.depth(ODESA) === 0);
});

test(
  'the sender’s node hears of the move last, and is stopped meanwhile: the message waits for the news',
  LIMIT,
  async (t) => {
    const { start, stop, hearing } = await threeBranches(t);
    for (const realm of [LVIV, ODESA]) hearing(realm).hears(ENGINEER, ODESA);
    await start(LVIV);
    const odesa = await start(ODESA);
    const first = await start(KYIV);
    await first.conversations.submit(FROM, message(1));
    await until(() => first.outbox.depth(LVIV) === 0);
    assert.deepEqual(failures(first), []);
    await stop(KYIV);
    const kyiv = await start(KYIV);
    hearing(KYIV).hears(ENGINEER, ODESA);
    await until(() => receivedBy(odesa, ENGINEER).length > 0);
    assert.deepEqual(receivedBy(odesa, ENGINEER), [messageId(1)]);
    assert.deepEqual(failures(kyiv), []);
  },
);

test('what is for somebody who was removed goes nowhere, and the sender is told', LIMIT, async (t) => {
  const { start, hearing } = await threeBranches(t);
  const kyiv = await start(KYIV);
  await kyiv.conversations.submit(FROM, message(1));
  for (const realm of [KYIV, LVIV, ODESA]) hearing(realm).hears(ENGINEER, undefined);
  await start(LVIV);
  await until(() => failures(kyiv).length > 0);
  assert.deepEqual(failures(kyiv), ['recipient-unknown']);
});

test('mails between devices follow as messages do', LIMIT, async (t) => {
  const { start, hearing } = await threeBranches(t);
  const kyiv = await start(KYIV);
  const body = Uint8Array.of(1, 2, 3);
  assert.deepEqual(await kyiv.mails.send(FROM, 'one', [{ user: ENGINEER, device: DEVICE, body }]), []);
  for (const realm of [KYIV, LVIV, ODESA]) hearing(realm).hears(ENGINEER, ODESA);
  await start(LVIV);
  const odesa = await start(ODESA);
  const box = { user: ENGINEER, device: DEVICE };
  await until(() => odesa.mails.has(box));
  assert.deepEqual(
    (await odesa.mails.list(box)).map((mail) => mail.body),
    [body],
  );
});

test('of mails for several the rest follows whoever moved, once, whoever hears of it first', LIMIT, async (t) => {
  const { start, hearing, database } = await threeBranches(t);
  // A second one of the engineer's branch, who stays there.
  for (const realm of [KYIV, LVIV, ODESA]) hearing(realm).hears(COOK, LVIV);
  const send = (branch: typeof kyiv, name: string) => {
    const mails = [ENGINEER, COOK].map((user) => ({ user, device: DEVICE, body: new TextEncoder().encode(name) }));
    return branch.mails.send(FROM, name, mails);
  };
  const kyiv = await start(KYIV);
  await send(kyiv, 'one');
  for (const realm of [LVIV, ODESA]) hearing(realm).hears(ENGINEER, ODESA);
  const [lviv, odesa] = [await start(LVIV), await start(ODESA)];
  const bodies = async (branch: typeof kyiv, user: typeof COOK) => {
    return (await branch.mails.list({ user, device: DEVICE })).map(({ body }) => new TextDecoder().decode(body));
  };
  await until(() => kyiv.outbox.depth(LVIV) === 0);
  assert.deepEqual(await bodies(odesa, ENGINEER), []);
  hearing(KYIV).hears(ENGINEER, ODESA);
  await until(async () => (await bodies(odesa, ENGINEER)).length > 0);
  assert.deepEqual(await bodies(lviv, COOK), ['one']);
  await until(() => kyiv.outbox.depth(LVIV) + kyiv.outbox.depth(ODESA) === 0);
  // What Odesa says of those who are not there leads to nothing more.
  assert.deepEqual(await bodies(odesa, ENGINEER), ['one']);
  assert.deepEqual(await bodies(lviv, COOK), ['one']);
  assert.equal(await countOf(database(KYIV).iterate(under('redirect'))), 0);
  assert.deepEqual(failures(kyiv), []);
});

async function countOf(rows: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of rows) count++;
  return count;
}

const THREE = [
  [CLERK, 'owner'],
  [COOK, 'member'],
  [ENGINEER, 'member'],
] as const;

test(
  'a group follows a member to a branch that has never heard of it, and what was on its way with it',
  LIMIT,
  async (t) => {
    const { start, stop, hearing } = await threeBranches(t);
    const kyiv = await start(KYIV);
    await kyiv.groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: THREE }), never);
    const lviv = await start(LVIV);
    await until(async () => (await epochAt(lviv)) === 1);
    await stop(LVIV);
    await kyiv.conversations.submit(FROM, groupMessage(1));
    for (const realm of [KYIV, LVIV, ODESA]) hearing(realm).hears(ENGINEER, ODESA);
    await start(LVIV);
    const odesa = await start(ODESA);
    await kyiv.conversations.submit(FROM, groupMessage(2, 'later'));
    await until(() => receivedBy(odesa, ENGINEER).length === 2);
    assert.deepEqual(receivedBy(odesa, ENGINEER).sort(), [messageId(1), messageId(2)]);
    assert.equal(await epochAt(odesa), 1);
    // The member goes on there.
    await odesa.conversations.submit({ user: ENGINEER, device: DEVICE }, groupMessage(3, 'answer'));
    await until(() => receivedBy(kyiv, CLERK).includes(messageId(3)));
  },
);

test('a member who comes to a branch that has the group already may fetch its commits there', LIMIT, async (t) => {
  const { start, hearing } = await threeBranches(t);
  const [kyiv, odesa] = [await start(KYIV), await start(ODESA)];
  await start(LVIV);
  const members = [...THREE, [PORTER, 'member']] as const;
  await kyiv.groups.propose(
    author(CLERK, KYIV),
    change({ epoch: 0, home: KYIV, members: [...THREE.slice(0, 1), [PORTER, 'member']] }),
    never,
  );
  await kyiv.groups.propose(author(CLERK, KYIV), change({ epoch: 1, home: KYIV, members }), never);
  await until(async () => (await epochAt(odesa)) === 2);
  await assert.rejects(odesa.groups.reader.groups(ENGINEER, CONVERSATION), { code: 'conversation-unknown' });
  for (const realm of [KYIV, LVIV, ODESA]) hearing(realm).hears(ENGINEER, ODESA);
  await until(() =>
    odesa.groups.reader.groups(ENGINEER, CONVERSATION).then(
      () => true,
      () => false,
    ),
  );
  const { commits } = await odesa.groups.reader.commits(ENGINEER, CONVERSATION, { group: GROUP, after: 0 });
  assert.deepEqual(
    commits.map(({ epoch }) => epoch),
    [1],
    'from the one on that brought the member in',
  );
});
