// What is on its way to a user while the user moves from one branch to another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLERK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  message,
  messageId,
  ODESA,
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
