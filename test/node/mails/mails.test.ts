// Mails between devices: kept until acknowledged, here and across realms, within quotas.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MAIL_LIFE } from '../../../node/mails/mail-service.ts';
import { decodeMails, encodeMails, inBodies, MAX_MAIL, type MailFor } from '../../../src/protocols/order/mail-body.ts';
import { LocalError } from '../../../src/realm/errors.ts';
import { parseDeviceId, parseMessageId, parseUserId } from '../../../src/realm/ids.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { world } from '../groups/group-world.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, COOK, DEVICE, ENGINEER, KYIV, LVIV, startBranch, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

const LIMIT = { timeout: 30_000 };
const FROM = { user: CLERK, device: DEVICE };
const TO_COOK = { user: COOK, device: DEVICE };
const TO_ENGINEER = { user: ENGINEER, device: DEVICE };
const OTHER = parseDeviceId('30000000-0000-4000-8000-000000000009');
const body = (text: string) => new TextEncoder().encode(text);

test('a mail lies in the mailbox of its device until that acknowledges it, in another realm too', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  const told: string[] = [];
  at(LVIV).mails.onMail(({ user }) => told.push(user));
  const to = [
    { ...TO_COOK, body: body('one') },
    { ...TO_ENGINEER, body: body('two') },
  ];
  assert.deepEqual(await at(KYIV).mails.send(FROM, 'r1', to), []);
  assert.deepEqual(await at(KYIV).mails.send(FROM, 'r1', to), []);
  await until(() => at(KYIV).outbox.depth(LVIV) === 0);
  for (const [branch, box, text] of [
    [at(KYIV), TO_COOK, 'one'],
    [at(LVIV), TO_ENGINEER, 'two'],
  ] as const) {
    const [mail, ...more] = await branch.mails.list(box);
    assert.ok(mail);
    assert.deepEqual([more, mail.sender, mail.from, new TextDecoder().decode(mail.body)], [[], CLERK, DEVICE, text]);
    assert.deepEqual(await branch.mails.list({ ...box, device: OTHER }), []);
    await branch.mails.acknowledge({ ...box, device: OTHER }, [mail]);
    assert.equal(await branch.mails.has(box), true);
    await branch.mails.acknowledge(box, [mail]);
    assert.equal(await branch.mails.has(box), false);
  }
  // It says no more than "look": both envelopes that brought the mail may say it.
  assert.deepEqual([...new Set(told)], [ENGINEER]);
});

test('who floods fills his share of a mailbox and nobody else the less', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const { mails } = at(KYIV);
  const many = Array.from({ length: 100 }, () => ({ ...TO_COOK, body: body('x') }));
  const refused = await mails.send(FROM, 'flood', many);
  assert.deepEqual([refused.length, refused[0]?.code], [36, 'sender-quota']);
  assert.deepEqual(await mails.send({ user: COOK, device: OTHER }, 'own', [{ ...TO_COOK, body: body('mine') }]), []);
  const large = { ...TO_COOK, device: OTHER, body: new Uint8Array(MAX_MAIL) };
  assert.equal(
    (
      await mails.send(
        FROM,
        'large',
        Array.from({ length: 20 }, () => large),
      )
    ).length,
    4,
  );
  await assert.rejects(mails.send(FROM, 'huge', [{ ...TO_COOK, body: new Uint8Array(MAX_MAIL + 1) }]), {
    code: 'mail-too-long',
  });
  const page = await mails.list(TO_COOK);
  await mails.acknowledge(TO_COOK, page);
  assert.deepEqual(await mails.send(FROM, 'again', [{ ...TO_COOK, body: body('x') }]), []);
});

test('a user has mailboxes for so many devices and no more', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const device = (n: number) => parseDeviceId(`c0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
  const to = Array.from({ length: 70 }, (_, n) => ({ user: COOK, device: device(n), body: body('x') }));
  for (const one of to.slice(0, 64)) assert.deepEqual(await at(KYIV).mails.send(FROM, `d${one.device}`, [one]), []);
  const refused = await at(KYIV).mails.send(FROM, 'more', to.slice(64));
  assert.deepEqual(new Set(refused.map(({ code }) => code)), new Set(['device-unknown']));
});

test('mail for devices that nobody has certified takes no mailbox of those that were', LIMIT, async (t) => {
  const isDevice = (_user: unknown, device: unknown): boolean => device === DEVICE;
  const { at } = await world(t, [KYIV, LVIV], { isDevice });
  const device = (n: number) => parseDeviceId(`c0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
  const made = (user: typeof COOK) =>
    Array.from({ length: 70 }, (_, n) => ({ user, device: device(n), body: body('x') }));
  const refused = await at(KYIV).mails.send(FROM, 'made-up', made(COOK));
  assert.deepEqual([refused.length, new Set(refused.map(({ code }) => code))], [70, new Set(['device-unknown'])]);
  await at(KYIV).mails.send(FROM, 'far', made(ENGINEER));
  assert.deepEqual(await at(KYIV).mails.send(FROM, 'good', [{ ...TO_COOK, body: body('x') }]), []);
  await at(KYIV).mails.send(FROM, 'far and good', [{ ...TO_ENGINEER, body: body('x') }]);
  await until(() => at(KYIV).outbox.depth(LVIV) === 0);
  assert.equal(await at(LVIV).mails.has({ user: ENGINEER, device: device(1) }), false);
  assert.equal(await at(LVIV).mails.has(TO_ENGINEER), true);
});

test('a mail that found the disk full is stored when it comes again', LIMIT, async (t) => {
  const database = await openDatabase(await temporaryFolder(t));
  let isFull = false;
  const full: Database = {
    commit: async (writes) => {
      if (isFull) throw new LocalError('disk-full', 'no room in this test');
      await database.commit(writes);
    },
    get: (at) => database.get(at),
    iterate: (range) => database.iterate(range),
    snapshot: () => database.snapshot(),
    compact: (range) => database.compact(range),
    close: () => database.close(),
  };
  const branch = await startBranch({ realm: KYIV, database: full, network: new SimulatedNetwork() });
  t.after(async () => {
    await branch.stop();
    await database.close();
  });
  isFull = true;
  const mails = [{ ...TO_COOK, body: body('x') }];
  await assert.rejects(branch.mails.send(FROM, 'r1', mails), { code: 'disk-full' });
  isFull = false;
  assert.deepEqual(await branch.mails.send(FROM, 'r1', mails), []);
  assert.equal((await branch.mails.list(TO_COOK)).length, 1);
});

test('what nobody fetches expires', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const { at } = await world(t, [KYIV], { clock });
  await at(KYIV).mails.send(FROM, 'r1', [{ ...TO_COOK, body: body('x') }]);
  await at(KYIV).mails.sweep();
  assert.equal(await at(KYIV).mails.has(TO_COOK), true);
  clock.advance(MAIL_LIFE + 1);
  await at(KYIV).mails.sweep();
  assert.equal(await at(KYIV).mails.has(TO_COOK), false);
});

test('mail from somebody who is blocked, or for nobody here, is dropped', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  await at(LVIV).blocks.block(ENGINEER, CLERK);
  await at(KYIV).mails.send(FROM, 'r1', [{ ...TO_ENGINEER, body: body('x') }]);
  await until(() => at(KYIV).outbox.depth(LVIV) === 0);
  assert.equal(await at(LVIV).mails.has(TO_ENGINEER), false);
  const nobody = parseUserId('90000000-0000-4000-8000-000000000001');
  await assert.rejects(at(KYIV).mails.send(FROM, 'r2', [{ user: nobody, device: DEVICE, body: body('x') }]), {
    code: 'user-unknown',
  });
});

const mail: fc.Arbitrary<MailFor> = fc.record(
  {
    id: fc.uuid({ version: [4] }).map(parseMessageId),
    user: fc.uuid({ version: [4] }).map(parseUserId),
    device: fc.uuid({ version: [4] }).map(parseDeviceId),
    body: fc.uint8Array({ maxLength: 200 }),
  },
  { noNullPrototype: true },
);

test('bodies of mails come back as they went, every truncation is refused, and they take as few envelopes as hold them', () => {
  fc.assert(
    fc.property(fc.array(mail, { maxLength: 5 }), (mails) => assert.deepEqual(decodeMails(encodeMails(mails)), mails)),
  );
  const [one] = fc.sample(mail, 1);
  assert.ok(one);
  const bytes = encodeMails([one]);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeMails(bytes.subarray(0, length)), { code: 'frame-malformed' });
  }
  const many = Array.from({ length: 1000 }, () => ({ ...one, body: new Uint8Array(300) }));
  assert.equal(inBodies(many).length, 2);
  assert.equal(inBodies(Array.from({ length: 3 }, () => ({ ...one, body: new Uint8Array(MAX_MAIL) }))).length, 3);
  for (const part of inBodies(many)) assert.equal(decodeMails(encodeMails(part)).length, part.length);
});
